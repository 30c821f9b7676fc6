/** Experiments whose artifacts are in a folder: that of the server's machine, or another of the same name. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { artifactsOfRun, writeRunFixture } from '../support/run-fixture.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';
import { signal } from '../support/connect.js';
import { startFaultProxy } from '../support/fault-proxy.js';
import { readExperiment } from '../support/read-experiment.js';
import { sharedServers } from '../support/read-back.js';
import { experimentIn } from '../support/server-api.js';
import { recordWhole, trackingAt } from '../support/tracking.js';

it('a folder that the server sees, too, gets the artifacts and the model, and no other file', async () => {
  using folder = temporaryDirectory();
  const fixture = await writeRunFixture({ runsDir: folder.path, steps: 4, epochs: 1 });
  const root = join(folder.path, 'root');
  mkdirSync(root);
  const experiment = await experimentIn(root);
  await recordWhole(await trackingAt(), fixture.run, { experiment });
  const [run] = await readExperiment({ ...sharedServers(), experiment });
  expect(run?.artifacts).toEqual(await artifactsOfRun(fixture));
  expect(run?.models).toMatchObject([{ status: 'READY' }]);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => name.includes('.runner-'))).toEqual([]);
});

it('a folder that is another one to the server is refused, and everything else is recorded', async () => {
  using folder = temporaryDirectory();
  const fixture = await writeRunFixture({ runsDir: join(folder.path, 'runs'), steps: 4, epochs: 1 });
  const root = join(folder.path, 'root');
  const experiment = await experimentIn(root);
  mkdirSync(root, { recursive: true });
  // As a container's server, which looks into a folder of its own.
  const proxy = await startFaultProxy({
    target: sharedServers().uri,
    faultOf({ url }) {
      if (url.startsWith('/api/2.0/mlflow/artifacts/list')) rmSync(root, { recursive: true });
      return undefined;
    },
  });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const { problem, points } = await (
    await trackingAt({ uri: proxy.uri })
  ).record(fixture.run, {
    ...{ experiment, signal },
  });
  expect(problem).toMatchObject({ code: 'artifact-store-unsupported' });
  expect(problem?.message).toMatch(/is another folder to the server/);
  expect(points).toBeGreaterThan(0);
  expect(readdirSync(folder.path)).toEqual(['runs']);
});
