/** Files to upload, and what Python's clients find of them. */
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { ContentHash } from '../../../src/common/content-digest.js';
import type { ArtifactFile, ArtifactStore } from '../../../src/tracking/artifacts/artifact-store.js';
import { openArtifactStore } from '../../../src/tracking/artifacts/open-store.js';
import { s3Settings } from '../../../src/tracking/artifacts/s3-settings.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';
import { connect } from './connect.js';
import { sharedServers } from './read-back.js';
import { runScript } from './script-server.js';
import { ADMIN, BUCKET } from './seaweed.js';

/** Written into a folder of the test's own. */
export function files(contents: Readonly<Record<string, Uint8Array | string>>): readonly ArtifactFile[] {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  return Object.entries(contents).map(([path, content]) => {
    const file = join(folder.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return { path, file, ...new ContentHash().update(Buffer.from(content)).digest() };
  });
}

export const one = (path: string, content: Uint8Array | string): ArtifactFile =>
  files({ [path]: content })[0]!;

export const random = (mib: number): Buffer => randomBytes(mib * 1024 * 1024);

export const digests = (list: readonly ArtifactFile[]): Readonly<Record<string, string>> =>
  Object.fromEntries(list.map(({ path, sha256 }) => [path, sha256]));

/** A prefix, or a root of the proxy, that no other test has. */
export const freshRoot = (): string => `0/${randomUUID()}/artifacts`;

export const s3Env = (endpoint = sharedServers().s3Endpoint): NodeJS.ProcessEnv => ({
  ...ADMIN,
  MLFLOW_S3_ENDPOINT_URL: endpoint,
});

/** Closed after the test. */
export async function openStore(
  artifactUri: string,
  { env = s3Env(), uri }: { readonly env?: NodeJS.ProcessEnv; readonly uri?: string } = {},
): Promise<ArtifactStore> {
  const { http } = await connect(uri === undefined ? {} : { uri });
  const run = { artifactUri, lists: () => Promise.resolve(true) };
  const store = await openArtifactStore({ artifactUri, http, env, run });
  onTestFinished(() => store.close());
  return store;
}

const objectsSchema = z.object({
  objects: z.record(
    z.string(),
    z.object({ sha256: z.string(), contentType: z.string(), metadata: z.record(z.string(), z.string()) }),
  ),
  uploads: z.array(z.string()),
});

/** What boto3 finds below a prefix. */
export async function readObjects(prefix: string, endpoint?: string): Promise<z.infer<typeof objectsSchema>> {
  const { scripts, s3Endpoint } = sharedServers();
  const path = join(import.meta.dirname, 'read-objects.py');
  const args = [endpoint ?? s3Endpoint, BUCKET, `${prefix}/`];
  return objectsSchema.parse(JSON.parse(await runScript(scripts, { path, args })));
}

/** sha256 by path of what MLflow's client downloads. */
export async function readProxied(artifactUri: string, uri?: string): Promise<Record<string, string>> {
  const shared = sharedServers();
  const path = join(import.meta.dirname, 'read-proxied.py');
  const printed = await runScript(shared.scripts, { path, args: [uri ?? shared.uri, artifactUri] });
  return z.record(z.string(), z.string()).parse(JSON.parse(printed));
}

/** Until S3 knows of an upload below this prefix. */
export async function untilBegun(root: string): Promise<void> {
  const { client: config } = await s3Settings(s3Env());
  const client = new S3Client(config);
  try {
    for (let tries = 0; tries < 5_000; tries += 1) {
      const list = new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: root });
      const { Uploads = [] } = await client.send(list);
      if (Uploads.length > 0) return;
      await sleep(5);
    }
  } finally {
    client.destroy();
  }
  throw new Error('The upload does not begin');
}
