import { RunnerError } from '../../contract/errors.js';
import type { HttpAccess } from '../mlflow/http.js';
import type { ArtifactSource } from './artifact-source.js';
import { openFileSource } from './file-store.js';
import { openProxySource } from './proxy-store.js';
import type { S3Connection } from './s3-store.js';

export interface SourceOptions {
  /** Of the tracking server. */
  readonly http: HttpAccess;
  readonly env: NodeJS.ProcessEnv;
}

/** Opens the artifacts of many runs; what they have in common is opened once. */
export interface ArtifactSources {
  /**
   * @param artifactUri of a run: what the tracking server says
   * @throws RunnerError `artifact-store-unsupported`; `bad-config` or `bad-credentials` of S3
   */
  open(artifactUri: string): Promise<ArtifactSource>;
  /** Ends the connections of all of them. */
  close(): Promise<void>;
}

export function artifactSources({ http, env }: SourceOptions): ArtifactSources {
  /**
   * One a bucket, which lies in one region: to where it was sent on, the SDK sends all that a client is asked from then on.
   */
  const ofS3 = new Map<string, Promise<S3Connection>>();
  return {
    async open(artifactUri) {
      const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(artifactUri)?.[1]?.toLowerCase();
      switch (scheme) {
        case 'mlflow-artifacts':
          return openProxySource(artifactUri, { http, env });
        case 's3': {
          // Its SDK takes a while to load.
          const { connectS3, openS3Source, parseS3Uri } = await import('./s3-store.js');
          const { bucket } = parseS3Uri(artifactUri);
          const connection = ofS3.get(bucket) ?? connectS3(env);
          ofS3.set(bucket, connection);
          return openS3Source(artifactUri, await connection);
        }
        case 'file':
        case undefined:
          return openFileSource(artifactUri, http.baseUrl);
        default:
          throw new RunnerError(
            'artifact-store-unsupported',
            `Artifacts at ${scheme}: cannot be read by runner: it reads from mlflow-artifacts:, s3: and file:.`,
            { hint: 'Compare the runs on the machine that has their directories.' },
          );
      }
    },
    async close() {
      // One that could not be made has been told where it was wanted.
      for (const connected of await Promise.allSettled(ofS3.values())) {
        if (connected.status === 'fulfilled') connected.value.client.destroy();
      }
    },
  };
}
