import { RunnerError } from '../../contract/errors.js';
import type { HttpAccess } from '../mlflow/http.js';
import type { ArtifactStore } from './artifact-store.js';
import { openFileStore } from './file-store.js';
import { openProxyStore } from './proxy-store.js';
import type { StoredRun } from './shared-folder.js';

export interface StoreOptions {
  /** Of a run, or of a logged model: what the tracking server says. */
  readonly artifactUri: string;
  /** Of the tracking server. */
  readonly http: HttpAccess;
  readonly env: NodeJS.ProcessEnv;
  readonly run: StoredRun;
}

/**
 * The store that an artifact URI names.
 * @throws RunnerError `artifact-store-unsupported`; `bad-config` or `bad-credentials` of S3; as `openFileStore`
 */
export async function openArtifactStore({
  artifactUri,
  http,
  env,
  run,
}: StoreOptions): Promise<ArtifactStore> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(artifactUri)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'mlflow-artifacts':
      return openProxyStore(artifactUri, { http, env });
    case 's3': {
      // Its SDK takes a while to load.
      const { openS3Store } = await import('./s3-store.js');
      return openS3Store(artifactUri, env);
    }
    case 'file':
    case undefined:
      return openFileStore(artifactUri, { trackingUri: http.baseUrl, run });
    default:
      throw new RunnerError(
        'artifact-store-unsupported',
        `Artifacts at ${scheme}: cannot be written by runner: it writes to mlflow-artifacts:, s3: and file:.`,
        {
          hint: 'Run the tracking server with --serve-artifacts: it then writes to its store itself; existing experiments keep their old root.',
        },
      );
  }
}
