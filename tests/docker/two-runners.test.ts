/** Several runs on one daemon, of several runners: each has its own, and none touches another's. */
import type Docker from 'dockerode';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IN_IMAGE } from '../../runtimes/docker/image/names.js';
import type { PlannedRun } from '../../src/contract/runtime.js';
import { specOf, surroundings, type Surroundings } from '../contract/support/modes.js';
import { docker, expectNoLeftovers, hasDaemon } from '../support/docker.js';
import { testConnection, testImage } from './support/image.js';
import { expectWholeEvents, stepsOf } from './support/recovery.js';
import { containerOf, dockerRuntime, leftOf, runInDocker } from './support/runs.js';

let here: Surroundings;
beforeAll(async () => {
  if (!hasDaemon()) return;
  here = await surroundings({ train: 600, test: 100 });
  await testImage();
});
afterAll(() => {
  if (hasDaemon()) here[Symbol.dispose]();
});
afterEach(expectNoLeftovers);

const newRunsDir = (): string => mkdtempSync(join(here.runsDir, 'of-'));
const OPTIONS = { signal: new AbortController().signal, onEvent: () => undefined };

describe('eight runs at once, of two runs directories', () => {
  it('each have their own containers, and leave this process as it was', async () => {
    const connection = await testConnection();
    const runsDirs = [newRunsDir(), newRunsDir()];
    const before = held();
    const warnings: Error[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', onWarning);
    const containers = new Set<string>();
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        runInDocker(here, {
          ...{ connection, runsDir: runsDirs[n % 2]! },
          onEvent: (_event, { runId }) => containers.add(containerOf(runId)),
        }),
      ),
    );
    for (const run of runs) {
      expect(run.outcome).toMatchObject({ status: 'succeeded', message: null });
      await expectWholeEvents(run);
      expect(stepsOf(run).at(-1)).toBe('removed');
    }
    expect(new Set(runs.map(({ outcome }) => outcome.training.weightsDigest)).size).toBe(1);
    expect(containers.size).toBe(8);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    // A socket that is closed goes by and by.
    for (let look = 0; look < 50 && moreThan(before).length > 0; look += 1) await sleep(40);
    expect(moreThan(before)).toEqual([]);
  });
});

type Held = ReadonlyMap<string, number>;

/** What this process holds open, and who listens to it. */
function held(): Held {
  const resources = process.getActiveResourcesInfo();
  return new Map([
    ['open files', readdirSync('/proc/self/fd').length] as const,
    ...[...new Set(resources)].map(
      (name) => [name, resources.filter((resource) => resource === name).length] as const,
    ),
    ...process.eventNames().map((name) => [String(name), process.listenerCount(name)] as const),
  ]);
}

const moreThan = (before: Held): string[] =>
  [...held()]
    .filter(([name, count]) => count > (before.get(name) ?? 0))
    .map(([name, count]) => `${name}: ${count}, not ${before.get(name) ?? 0}`);

/** A run as the command would make it, without its files. */
const planned = (runId: string): PlannedRun => {
  const runDir = join(newRunsDir(), runId);
  mkdirSync(runDir);
  return { runId, runDir, spec: specOf('docker', here, { epochs: 1 }), evaluate: false };
};

describe('two runs of one name', () => {
  it('are two runs: the first has the container, the other is told, and nothing of the first is touched', async () => {
    const [one, other] = [planned('20260101-000000-aaaaaa'), planned('20260101-000000-aaaaaa')];
    const runtime = await dockerRuntime();
    let refused: unknown;
    let left: string[] = [];
    const exit = await runtime.run(one, {
      ...OPTIONS,
      onEvent: ({ seq }) => {
        if (seq !== 0) return;
        refused = runtime.run(other, OPTIONS).catch(async (error: unknown) => {
          // As is done for a run that has not begun.
          await runtime.release!(other);
          left = await leftOf(one.runId);
          return error;
        });
      },
    });
    expect(await refused).toMatchObject({
      code: 'container-conflict',
      message: `There is a container ${containerOf(one.runId)} that this run has not made.`,
    });
    expect(left).toEqual(['', '-in', '-out'].map((end) => `${containerOf(one.runId)}${end}`));
    expect(exit).toMatchObject({ status: 'succeeded', exitCode: 0 });
    await runtime.release!(one);
    expect(await leftOf(one.runId)).toEqual([]);
  });
});

describe("a stranger's thing that has a name of ours", () => {
  const runId = '20260101-000000-bbbbbb';
  const name = containerOf(runId);
  const container = async (client: Docker, as: string): Promise<() => Promise<string>> => {
    const theirs = await client.createContainer({
      ...{ name: as, Image: (await testImage()).id, HostConfig: { NetworkMode: 'none' } },
      Entrypoint: [IN_IMAGE.node, '-e', 'setInterval(() => {}, 1000)'],
    });
    await theirs.start();
    return async () => {
      const { State } = await theirs.inspect();
      await theirs.remove({ force: true });
      return State.Status;
    };
  };
  const volume = async (client: Docker, as: string): Promise<() => Promise<string>> => {
    await client.createVolume({ Name: as, Labels: { 'runner.managed': '1', 'runner.token': 'theirs' } });
    return async () => {
      const { Labels } = await client.getVolume(as).inspect();
      await client.getVolume(as).remove();
      return Labels['runner.token']!;
    };
  };

  it.each([
    ['a container', name, container, 'running', `There is a container ${name} that this run has not made.`],
    ['a helper', `${name}-fill`, container, 'running', /name "\/\S+-fill" is already in use by container/],
    ['the volume of its data', `${name}-in`, volume, 'theirs', /^There is a volume \S+-in that this run/],
    [
      'the volume of its results',
      `${name}-out`,
      volume,
      'theirs',
      /^There is a volume \S+-out that this run/,
    ],
  ] as const)('is left as it is, and the run does not begin: %s', async (_, as, make, state, message) => {
    const run = planned(runId);
    const runtime = await dockerRuntime();
    const unmake = await make(await docker(), as);
    try {
      const refused: unknown = await runtime.run(run, OPTIONS).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: 'container-conflict',
        message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
      });
      await runtime.release!(run);
      expect(await leftOf(runId)).toEqual([as]);
    } finally {
      expect(await unmake()).toBe(state);
    }
  });
});
