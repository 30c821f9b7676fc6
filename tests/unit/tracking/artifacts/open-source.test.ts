import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { artifactSources } from '../../../../src/tracking/artifacts/open-source.js';
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

function open(artifactUri: string, trackingUri = 'http://localhost:5000'): Promise<ArtifactSource> {
  const http = openHttpAccess(trackingUri, { headers: {}, secrets: [] }, {});
  const sources = artifactSources({ http, env: {} });
  onTestFinished(() => sources.close());
  return sources.open(artifactUri);
}

async function contentOf(source: ArtifactSource, path: string): Promise<string | null> {
  const content = await source.read(path, signal);
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
