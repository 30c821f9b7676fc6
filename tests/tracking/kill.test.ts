/**
 * The logging task is killed with SIGKILL at random moments of its whole life, and gone on with. Moments are drawn by
 * requests, and some time after one: by time alone most would fall into the start of Node and the longest upload.
 *
 * RUNNER_TEST_KILLS: how many; RUNNER_TEST_SEED: to repeat what failed.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDestinations } from '../../src/tracking/tracking-state.js';
import { startRunner } from '../support/runner.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { s3Env } from './support/artifacts.js';
import { fresh } from './support/connect.js';
import { startFaultProxy, type FaultProxy } from './support/fault-proxy.js';
import { hasServers, sharedServers } from './support/read-back.js';
import { expectedPoints, readExperiment } from './support/read-experiment.js';
import { artifactsOfRun, pointsOfRun, writeRunFixture, type RunFixture } from './support/run-fixture.js';
import { drawing, SEED } from './support/seed.js';
import { experimentIn } from './support/server-api.js';

const KILLS = Number(process.env.RUNNER_TEST_KILLS ?? 3);
const KILLS_OF_SYNC = Math.ceil(KILLS / 8);
/** 20,000 points of steps: more than is sent between two notes of how far it got. */
const STEPS = 5_000;
const LONGEST_DELAY_MS = 60;
const MODEL = fresh('killed');
const draw = drawing(SEED);

const folder = temporaryDirectory();
/** Its artifacts go to S3. */
let experiment: string;
let proxies: readonly FaultProxy[] = [];
/** Told of each request to the tracking server or to S3 before they get it. */
let onRequest: () => void = () => undefined;

beforeAll(async () => {
  if (!hasServers()) return;
  const { uri, s3Endpoint } = sharedServers();
  experiment = await experimentIn('s3://artifacts/killed');
  const watch = (target: string): Promise<FaultProxy> =>
    startFaultProxy({
      target,
      faultOf: () => {
        onRequest();
        return undefined;
      },
    });
  proxies = await Promise.all([watch(uri), watch(s3Endpoint)]);
});
afterAll(async () => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const requests = (): number => proxies.reduce((sum, proxy) => sum + proxy.requests, 0);

/** The command as a process; killed some time after a request, if it gets as far as that. */
async function record(
  args: readonly string[],
  kill?: { readonly afterRequest: number; readonly delayMs: number },
) {
  const [tracking, s3] = proxies.map(({ uri }) => uri);
  const env = { ...s3Env(s3), MLFLOW_TRACKING_URI: tracking, HOME: folder.path } as Record<string, string>;
  const child = startRunner([...args, '--experiment', experiment, '--runs-dir', folder.path], { env });
  const before = requests();
  onRequest = () => {
    if (kill === undefined || requests() - before <= kill.afterRequest) return;
    setTimeout(() => child.kill('SIGKILL'), kill.delayMs);
    onRequest = () => undefined;
  };
  if (kill?.afterRequest === 0) onRequest();
  const { exitCode, signal, stderr } = await child;
  return { exitCode, killed: signal === 'SIGKILL', requests: requests() - before, stderr };
}

/** How far it had got, by its own notes. */
async function stageOf({ runDir }: RunFixture): Promise<string> {
  const [known] = await readDestinations(runDir);
  if (known === undefined) return 'nothing';
  if (known.complete !== null) return 'complete';
  if (known.version !== null) return 'version';
  if (known.model !== null) return known.model.ready ? 'model' : 'model begun';
  const files = Object.keys(known.artifacts).length;
  if (files > 0) return `${files} artifacts`;
  return known.finalPoints === null ? `${known.events.points} points` : 'all points';
}

it(
  `holds each run once and whole after ${KILLS} kills of runner log and ${KILLS_OF_SYNC} of runner sync (seed ${SEED})`,
  { timeout: 120_000 + KILLS * 30_000 },
  async ({ annotate }) => {
    const runs: RunFixture[] = [];
    for (let index = 0; index <= KILLS; index += 1) {
      const artifacts = {
        'eval/large.bin': new Uint8Array(3 * 1024 * 1024).fill(index),
        'eval/small.txt': `${index}`,
      };
      const request = { tracking: { track: true, register: MODEL } };
      runs.push(await writeRunFixture({ runsDir: folder.path, steps: STEPS, artifacts, request }));
    }
    const [unharmed, ...others] = runs;
    const whole = await record(['log', unharmed?.runId ?? '']);
    expect(whole.exitCode, whole.stderr).toBe(0);

    let killed = 0;
    for (const [index, run] of others.entries()) {
      // One in each part of its life.
      const afterRequest = Math.floor(((index + draw(999) / 1_000) / KILLS) * whole.requests);
      const result = await record(['log', run.runId], { afterRequest, delayMs: draw(LONGEST_DELAY_MS) });
      if (result.killed) killed += 1;
      await annotate(`killed after request ${result.requests} of ${whole.requests}: ${await stageOf(run)}`);
    }
    // The last ones may be through before the time is up.
    expect(killed).toBeGreaterThan(0.8 * KILLS);

    for (let kill = 0; kill < KILLS_OF_SYNC; kill += 1) {
      await record(['sync'], { afterRequest: draw(2 * whole.requests), delayMs: draw(LONGEST_DELAY_MS) });
    }
    const last = await record(['sync']);
    expect(last.exitCode, last.stderr).toBe(0);
    expect((await record(['sync'])).requests).toBe(0);

    const recorded = await readExperiment({
      ...sharedServers(),
      ...{ experiment, env: s3Env() },
    });
    expect(recorded.map(({ key }) => key).sort()).toEqual(runs.map(({ runId }) => runId).sort());
    for (const run of runs) {
      const found = recorded.find(({ key }) => key === run.runId);
      const files = await artifactsOfRun(run);
      expect(found, run.runId).toMatchObject({
        ...{ status: 'FINISHED', lifecycleStage: 'active', artifacts: files, outputs: 1 },
        points: expectedPoints(await pointsOfRun(run)),
        models: [
          {
            status: 'READY',
            artifacts: { 'saved_model/saved_model.pb': files['model/saved_model/saved_model.pb'] },
          },
        ],
        versions: [{ name: MODEL }],
      });
    }
    const versions = recorded.flatMap(({ versions: [version] }) => Number(version?.version));
    expect(versions.sort((a, b) => a - b)).toEqual(runs.map((_, index) => index + 1));
  },
);
