import { once, setMaxListeners } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { artifactSources, type ArtifactSources } from '../../../../src/tracking/artifacts/open-source.js';
import type { ArtifactSource } from '../../../../src/tracking/artifacts/artifact-source.js';
import { openHttpAccess } from '../../../../src/tracking/mlflow/http.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { signal } from '../mlflow/fake-server.js';

let root: string;
beforeEach(() => {
  const folder = temporaryDirectory();
  root = folder.path;
  onTestFinished(() => folder[Symbol.dispose]());
});

function openSources(trackingUri = 'http://localhost:5000', env: NodeJS.ProcessEnv = {}): ArtifactSources {
  const http = openHttpAccess(trackingUri, { headers: {}, secrets: [] }, {});
  const sources = artifactSources({ http, env });
  onTestFinished(() => sources.close());
  return sources;
}

const open = (artifactUri: string, trackingUri?: string): Promise<ArtifactSource> =>
  openSources(trackingUri).open(artifactUri);

async function contentOf(source: ArtifactSource, path: string, until = signal): Promise<string | null> {
  const content = await source.read(path, until);
  if (content === null) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

describe('artifacts in a folder', () => {
  it('are read where this machine has it, whatever its address is, and nothing is written for that', async () => {
    const folder = join(root, '0/run/artifacts');
    mkdirSync(join(folder, 'logs'), { recursive: true });
    writeFileSync(join(folder, 'logs/spec.json'), '{}');
    for (const uri of [folder, pathToFileURL(folder).href]) {
      for (const server of ['http://localhost:5000', 'http://mlflow.example:5000']) {
        expect(await contentOf(await open(uri, server), 'logs/spec.json')).toBe('{}');
      }
    }
    expect(readdirSync(root, { recursive: true }).sort()).toEqual([
      ...['0', '0/run', '0/run/artifacts', '0/run/artifacts/logs', '0/run/artifacts/logs/spec.json'],
    ]);
  });

  it.each(['logs/spec.json', 'logs', 'no/such/file'])('have no file %s where that is none', async (path) => {
    mkdirSync(join(root, '0/run/artifacts/logs/spec.json'), { recursive: true });
    expect(await contentOf(await open(join(root, '0/run/artifacts')), path)).toBeNull();
  });

  it('of a run that has none yet are missing, not elsewhere', async () => {
    mkdirSync(join(root, '0'));
    expect(await contentOf(await open(join(root, '0/run/artifacts')), 'manifest.json')).toBeNull();
  });

  it('of another machine are told to be there', async () => {
    const uri = `file:///no-such-root/mlruns/0/run/artifacts`;
    await expect(open(uri)).rejects.toMatchObject({
      code: 'artifact-store-unsupported',
      message: `The artifact root ${uri} is a folder of the machine of the server (http://localhost:5000), and not there on this one: nothing can be read there.`,
    });
  });
});

it('artifacts in a store that runner does not know are not read', async () => {
  await expect(open('gs://bucket/0/run/artifacts')).rejects.toMatchObject({
    code: 'artifact-store-unsupported',
    message: 'Artifacts at gs: cannot be read by runner: it reads from mlflow-artifacts:, s3: and file:.',
  });
});

/** As AWS: answers where a bucket lies to whoever has signed for another region. */
async function startRegionalS3(regions: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    const [, bucket = ''] = (request.url ?? '').split('/');
    const region = regions[bucket] ?? '';
    if (request.headers.authorization?.includes(`/${region}/s3/aws4_request`) === true) {
      response.end(bucket);
    } else {
      response.writeHead(301, { 'x-amz-bucket-region': region });
      response.end('<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>');
    }
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('artifacts in buckets of several regions are read side by side, each where it lies', async () => {
  // The client sets it.
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  onTestFinished(() => void vi.unstubAllEnvs());
  const sources = openSources('http://localhost:5000', {
    AWS_ENDPOINT_URL: await startRegionalS3({ dublin: 'eu-west-1', mumbai: 'ap-south-1' }),
    ...{ AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' },
  });
  const buckets = Array.from({ length: 20 }, () => ['dublin', 'mumbai']).flat();
  const until = new AbortController().signal;
  setMaxListeners(Infinity, until);
  const read = async (bucket: string): Promise<string | null> =>
    contentOf(await sources.open(`s3://${bucket}/0/run/artifacts`), 'logs/spec.json', until);
  expect(await Promise.all(buckets.map(read))).toEqual(buckets);
});
