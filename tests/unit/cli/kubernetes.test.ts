import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConnectCluster, ConnectedCluster } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { commandLine, trainerExit } from './command-line.js';

const COMMON = [
  'train',
  '--mode',
  'kubernetes',
  '--batch-size',
  '16',
  '--epochs',
  '2',
  '--threads',
  '2',
] as const;
const NAMED = [...COMMON, '--image', 'registry.test/t:1', '--storage', 's3://bucket/prefix'] as const;

/** A cluster whose context has the namespace `ours`. */
function cluster() {
  const asked: ConnectCluster[] = [];
  const connectCluster = (options: ConnectCluster): Promise<ConnectedCluster> => {
    asked.push(options);
    return Promise.resolve({
      namespace: options.place.namespace ?? 'ours',
      createRuntime: () => ({ mode: 'kubernetes', run: () => Promise.resolve(trainerExit({ exitCode: 0 })) }),
    });
  };
  return { asked, connectCluster };
}

const specIn = (runDir: unknown): RunSpec =>
  JSON.parse(readFileSync(join(String(runDir), 'spec.json'), 'utf8')) as RunSpec;

describe('a run on a cluster', () => {
  it('says in its spec where it is, so that it is found again', async () => {
    const { asked, connectCluster } = cluster();
    using cli = commandLine({ script: { connectCluster } });
    const { runDir } = await cli.json(...NAMED);
    expect(specIn(runDir)).toMatchObject({
      mode: 'kubernetes',
      container: { image: 'registry.test/t:1' },
      kubernetes: { namespace: 'ours', storage: 's3://bucket/prefix' },
      limits: { memoryBytes: 2 * 1024 ** 3, cpus: 2, shmBytes: 64 * 1024 ** 2 },
    });
    expect(specIn(runDir).limits).not.toHaveProperty('pids');
    expect(asked.map(({ place }) => place)).toEqual([{ storage: 's3://bucket/prefix' }]);
  });

  it('is where flags and variables say', async () => {
    const { connectCluster } = cluster();
    const env = { RUNNER_NAMESPACE: 'theirs', RUNNER_STORAGE_ENDPOINT: 'http://s3.storage.svc:8333' };
    using cli = commandLine({ script: { connectCluster }, env });
    const { runDir } = await cli.json(...NAMED, '--service-account', 'trainer', '--kube-context', 'far');
    expect(specIn(runDir).kubernetes).toEqual({
      ...{ context: 'far', namespace: 'theirs', serviceAccount: 'trainer' },
      ...{ storage: 's3://bucket/prefix', storageEndpoint: 'http://s3.storage.svc:8333' },
    });
  });

  it.each([
    [[...COMMON, '--storage', 's3://b/p'], '--mode kubernetes needs --image.'],
    [[...COMMON, '--image', 'x'], '--mode kubernetes needs --storage.'],
    [[...NAMED, '--memory', '64m'], '--memory: 64m is less than the 640m that a trainer needs.'],
    [[...NAMED, '--pids', '64'], '--pids is for --mode docker; this run is kubernetes.'],
    [
      [...NAMED, '--storage', '/a/folder'],
      '--storage: expected a folder of an S3 such as s3://bucket/prefix',
    ],
    [[...NAMED, '--namespace', 'A B'], '--namespace: expected lower-case letters, digits and dashes'],
    [['train', '--namespace', 'x'], '--namespace is for --mode kubernetes; this run is inprocess.'],
  ])('is refused before the cluster is asked: %j', async (args, message) => {
    const { asked, connectCluster } = cluster();
    using cli = commandLine({ script: { connectCluster } });
    const { status, stderr } = await cli.run(...args);
    expect([status, asked]).toEqual([2, []]);
    expect(stderr).toContain(message);
  });

  it('says what to install where the client was left out', async () => {
    const missing = new RunnerError('kubernetes-client-missing', '--mode kubernetes needs the package x.');
    using cli = commandLine({ script: { connectCluster: () => Promise.reject(missing) } });
    const { status, stderr } = await cli.run(...NAMED);
    expect(status).toBe(3);
    expect(stderr).toContain('npm install --include=optional');
  });
});
