import { expect, it } from 'vitest';
import type { ArtifactStore, Mismatch } from '../../../src/tracking/artifacts/artifact-store.js';
import { logRun } from '../../../src/tracking/log-run.js';
import type { LogTools } from '../../../src/tracking/log-tools.js';
import { readDestination } from '../../../src/tracking/tracking-state.js';
import { writeRunFixture } from '../../tracking/support/run-fixture.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { memoryServer } from './memory-server.js';

const { signal } = new AbortController();

/** Notes what its stores are asked; that of the model holds a file otherwise that was lost, until it is sent again. */
function watched(): { tools: LogTools; asked: string[]; lose: (path: string) => void } {
  const asked: string[] = [];
  const lost = new Set<string>();
  const { tools } = memoryServer();
  const store = (uri: string): ArtifactStore => ({
    ...{ uri, concurrency: 1 },
    put({ path }) {
      asked.push(`put ${uri} ${path}`);
      lost.delete(path);
      return Promise.resolve();
    },
    verify(files, { deep }) {
      asked.push(`verify ${uri} ${deep ? 'deep' : 'sizes'}`);
      const wrong = files.filter(({ path }) => uri === 'memory:model' && lost.has(path));
      return Promise.resolve(wrong.map(({ path }): Mismatch => ({ path, why: 'sha256' })));
    },
    close: () => undefined,
  });
  return {
    ...{ asked, lose: (path) => void lost.add(path) },
    tools: { ...tools, openStore: (uri) => Promise.resolve(store(uri)) },
  };
}

it('reads a model back that is ready, too, and sends again what differs', async () => {
  using folder = temporaryDirectory();
  const { run } = await writeRunFixture({ runsDir: folder.path, mode: 'docker', steps: 10, epochs: 1 });
  const { tools, asked, lose } = watched();
  await logRun(run, { signal }, tools);
  asked.splice(0);
  await logRun(run, { signal }, tools);
  expect(asked).toEqual([]);
  lose('MLmodel');
  const recorded = await logRun(run, { signal, verify: true }, tools);
  expect(recorded.problem).toBeNull();
  expect(asked).toEqual([
    'verify memory:run deep',
    'verify memory:model deep',
    'put memory:model MLmodel',
    'verify memory:model deep',
  ]);
  expect((await readDestination(run.runDir, tools.destination))?.model?.ready).toBe(true);
});

it('is that which another process has made meanwhile, and no second one, of a new run, too', async () => {
  using folder = temporaryDirectory();
  const { run } = await writeRunFixture({ runsDir: folder.path, mode: 'docker', steps: 10, epochs: 1 });
  const other = { id: 'theirs', artifactUri: 'memory:model', status: 'LOGGED_MODEL_PENDING' as const };
  const { tools } = memoryServer({
    findModel: () => Promise.resolve(other),
    createModel: () => Promise.reject(new Error('a twin')),
  });
  expect(await logRun(run, { signal }, tools)).toMatchObject({ modelId: 'theirs', problem: null });
});

it('is left out at a server of MLflow 2, which has none, unless it is to be registered', async () => {
  using folder = temporaryDirectory();
  const { run } = await writeRunFixture({ runsDir: folder.path, mode: 'docker', steps: 10, epochs: 1 });
  const { tools } = watched();
  const server = { ...tools.server, version: () => Promise.resolve('2.22.1') };
  const recorded = await logRun(run, { signal }, { ...tools, server });
  expect(recorded).toMatchObject({ modelId: null, problem: null });
  const registered = await logRun(run, { signal, register: 'digits' }, { ...tools, server });
  expect(registered.problem).toMatchObject({
    code: 'tracking-refused',
    message:
      'http://memory runs MLflow 2.22.1, which has no logged models: nothing can be registered as digits.',
  });
});
