/**
 * A network that breaks requests and answers at random between the logging task and its server.
 *
 * RUNNER_TEST_FAULT_RUNS: how many runs; RUNNER_TEST_SEED: to repeat what failed.
 */
import pMap from 'p-map';
import { expect, it, onTestFinished } from 'vitest';
import type { RunToRecord } from '../../src/tracking/tracking.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { fresh } from './support/connect.js';
import { PASSING_FAULTS, startFaultProxy } from './support/fault-proxy.js';
import { sharedServers } from './support/read-back.js';
import { expectedPoints, readExperiment } from './support/read-experiment.js';
import { artifactsOfRun, pointsOfRun, writeRunFixture } from './support/run-fixture.js';
import { drawing, drawnInTurn, SEED } from './support/seed.js';
import { trackingAt } from './support/tracking.js';

const RUNS = Number(process.env.RUNNER_TEST_FAULT_RUNS ?? 8);
const FAULTS_PERCENT = 10;
/** More than a person would need: each goes on where the one before has given up. */
const MOST_ROUNDS = 3;
it(
  `records ${RUNS} runs whole and once over a network that breaks ${FAULTS_PERCENT} % of all requests (seed ${SEED})`,
  { timeout: 120_000 + RUNS * 6_000 },
  async ({ annotate }) => {
    using folder = temporaryDirectory();
    const draw = drawing(SEED);
    const nextFault = drawnInTurn(PASSING_FAULTS, draw);
    const proxy = await startFaultProxy({
      target: sharedServers().uri,
      faultOf: () => (draw(99) < FAULTS_PERCENT ? nextFault() : undefined),
    });
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    const tracking = await trackingAt({ uri: proxy.uri });
    const runs = await pMap(
      Array.from({ length: RUNS }),
      () =>
        writeRunFixture({ runsDir: folder.path, steps: 60, artifacts: { 'eval/notes.txt': 'some notes' } }),
      { concurrency: 1 },
    );
    const options = { experiment: fresh('faults'), register: fresh('faults') };

    const problems: string[] = [];
    /** Not all that fails is a failure of the run's: what is not whole is pending, and recorded again. */
    const record = async (run: RunToRecord): Promise<void> => {
      // A signal of its own, or all of them listen to one.
      const { signal } = new AbortController();
      const { problem } = await tracking
        .record(run, { ...options, signal })
        .catch((error: unknown) => ({ problem: error as Error }));
      if (problem !== null) problems.push(problem.message);
    };
    let pending = runs;
    for (let round = 1; pending.length > 0; round += 1) {
      if (round > MOST_ROUNDS)
        expect.fail(
          `${pending.length} runs are not whole after ${MOST_ROUNDS} rounds:\n${problems.join('\n')}`,
        );
      await annotate(`round ${round}: ${pending.length} runs, ${proxy.requests} requests before it`);
      await pMap(pending, ({ run }) => record(run), {
        concurrency: 8,
      });
      const whole = await Promise.all(pending.map(({ run }) => tracking.isPending(run)));
      pending = pending.filter((_, index) => whole[index]);
    }
    await annotate(`${proxy.requests} requests; faults: ${JSON.stringify(proxy.faults)}`);
    // Each fault has happened, or the test shows less than it says.
    expect(Object.keys(proxy.faults).sort()).toEqual([...PASSING_FAULTS].sort());

    const recorded = await readExperiment({ ...sharedServers(), experiment: options.experiment });
    expect(recorded.map(({ key }) => key).sort()).toEqual(runs.map(({ runId }) => runId).sort());
    for (const run of runs) {
      expect(recorded.find(({ key }) => key === run.runId)).toMatchObject({
        ...{ status: 'FINISHED', lifecycleStage: 'active', outputs: 1 },
        points: expectedPoints(await pointsOfRun(run)),
        artifacts: await artifactsOfRun(run),
        models: [{ status: 'READY' }],
        versions: [{ name: options.register }],
      });
    }
    const versions = recorded.flatMap(({ versions: [version] }) => Number(version?.version));
    expect(versions.sort((a, b) => a - b)).toEqual(runs.map((_, index) => index + 1));
  },
);
