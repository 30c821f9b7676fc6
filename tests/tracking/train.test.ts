/** `runner train` and whatever its tracking server is like: the run succeeds, and nothing of it is lost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventLog } from '../../src/common/event-log.js';
import { systemClock } from '../../src/common/clock.js';
import { runPath } from '../../src/contract/run-directory.js';
import { trainerExit } from '../unit/cli/command-line.js';
import { s3Env } from './support/artifacts.js';
import { command, TRAIN } from './support/command.js';
import { fresh } from './support/connect.js';
import { startFaultProxy, type Fault } from './support/fault-proxy.js';
import { freePort } from './support/mlflow-server.js';
import { readBack, sharedServers } from './support/read-back.js';
import { experimentIn } from './support/server-api.js';

interface RecordedDocument {
  readonly complete: boolean;
  readonly mlflowRunId: string;
  readonly error?: { readonly code: string };
}

/** The shared server behind a proxy that can be broken and mended. */
async function breakable(broken: Fault | undefined, target = sharedServers().uri) {
  const state = { broken };
  const proxy = await startFaultProxy({ target, faultOf: () => state.broken });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return { state, uri: proxy.uri };
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('a server that does not work does not keep a run from succeeding, and gets it later:', () => {
  it.each<[string, Fault, RegExp?]>([
    ['one that answers 500', 'answer-500'],
    ['one that answers 429', 'answer-429'],
    ['one that answers 503', 'answer-503'],
    ['one that breaks connections', 'reset-before'],
    ['one that never answers', 'hang'],
    ['a login page', 'web-page', /a proxy or a login page: check the address; then `runner sync`\.$/],
    ['one that says nothing', 'nothing'],
  ])('%s', async (_, fault, next = /`runner sync` sends it later\.$/) => {
    const { state, uri } = await breakable(fault);
    const cli = command({ env: { MLFLOW_TRACKING_URI: uri, MLFLOW_EXPERIMENT_NAME: fresh('states') } });
    const { status, stderr, stdout } = await cli.run(...TRAIN);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/status\s+succeeded/);
    const told = lines(stderr).filter((line) => line.includes('Not recorded'));
    expect(told).toEqual([expect.stringMatching(/^Not recorded, kept on this machine: /)]);
    expect(told[0]).toMatch(next);

    state.broken = undefined;
    const { runs } = (await cli.json('sync')) as unknown as { runs: readonly RecordedDocument[] };
    expect(runs).toMatchObject([{ complete: true, points: 2 }]);
    const run = await readBack(runs[0]?.mlflowRunId ?? '', { artifacts: true });
    expect(run.metrics['step/loss']).toHaveLength(2);
    expect(run.artifacts.map(({ path }) => path)).toContain('eval/notes.txt');
  });

  it('none at all', async () => {
    const cli = command({ env: { MLFLOW_TRACKING_URI: `http://127.0.0.1:${await freePort()}` } });
    const { status, stderr } = await cli.run(...TRAIN);
    expect(status).toBe(0);
    expect(lines(stderr).filter((line) => line.includes('Not recorded'))).toEqual([
      expect.stringMatching(/nothing listens there \(ECONNREFUSED\)\. `runner sync` sends it later\.$/),
    ]);
  });
});

describe('--require-tracking', () => {
  it('refuses to train without a server that answers, with exit status 4', async () => {
    const { uri } = await breakable('answer-503');
    const cli = command({ train: () => Promise.reject(new Error('must not train')) });
    const { status, stderr } = await cli.run(...TRAIN, '--tracking-uri', uri, '--require-tracking');
    expect(status).toBe(4);
    expect(stderr).toMatch(/^runner: Nothing was trained, for --require-tracking: .*503/);
    expect(stderr).not.toContain('runner sync');
  });

  it('ends with 4 if the server goes while it trains: the run is kept, and recorded later', async () => {
    const { state, uri } = await breakable(undefined);
    const cli = command({
      env: { MLFLOW_TRACKING_URI: uri, MLFLOW_EXPERIMENT_NAME: fresh('required') },
      train: () => {
        state.broken = 'reset-before';
        return Promise.resolve(trainerExit());
      },
    });
    const { status, stderr } = await cli.run(...TRAIN, '--require-tracking');
    expect(status).toBe(4);
    expect(stderr).toContain('Not recorded, kept on this machine');
    state.broken = undefined;
    expect(await cli.json('sync')).toMatchObject({ runs: [{ complete: true }] });
  });
});

it(
  'records a run whose artifact store is down, and sends the artifacts later',
  { timeout: 180_000 },
  async () => {
    const { s3Endpoint } = sharedServers();
    const experiment = await experimentIn('s3://artifacts/store-down');
    const { state, uri: endpoint } = await breakable('reset-before', s3Endpoint);
    const cli = command({
      env: {
        ...s3Env(endpoint),
        MLFLOW_TRACKING_URI: sharedServers().uri,
        MLFLOW_EXPERIMENT_NAME: experiment,
      },
    });
    const { tracking, runId } = (await cli.json(...TRAIN)) as unknown as {
      tracking: RecordedDocument;
      runId: string;
    };
    expect(tracking).toMatchObject({
      ...{ complete: false, points: 2, artifacts: { recorded: 0 } },
      error: { code: 'artifact-store-unreachable' },
    });
    const env = s3Env();
    const before = await readBack(tracking.mlflowRunId, { artifacts: true, env });
    expect(before).toMatchObject({ status: 'FINISHED', artifacts: [], tags: { 'runner.run_id': runId } });

    state.broken = undefined;
    expect(await cli.json('sync')).toMatchObject({
      runs: [{ complete: true, mlflowRunId: tracking.mlflowRunId }],
    });
    const after = await readBack(tracking.mlflowRunId, { artifacts: true, env });
    expect(after.artifacts.map(({ path }) => path)).toContain('eval/notes.txt');
  },
);

describe('--live', () => {
  /** Trains until `until` says so, a step every 50 ms. @returns steps done */
  const trainUntil =
    (until: (step: number) => Promise<boolean>) =>
    async ({ runDir }: { readonly runDir: string }) => {
      using events = EventLog.create(runPath(runDir, 'events'), systemClock);
      for (let step = 1; ; step += 1) {
        events.append({ type: 'metric', step, values: { loss: 1 / step } });
        if (await until(step)) return trainerExit();
        await sleep(50);
      }
    };

  /** Points that the server has of the newest run of an experiment. */
  async function pointsOnServer(experiment: string): Promise<number> {
    const api = `${sharedServers().uri}/api/2.0/mlflow`;
    const found = await fetch(`${api}/experiments/get-by-name?experiment_name=${experiment}`);
    if (!found.ok) return 0;
    const { experiment: known } = (await found.json()) as { experiment: { experiment_id: string } };
    const search = await fetch(`${api}/runs/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_ids: [known.experiment_id] }),
    });
    const { runs = [] } = (await search.json()) as {
      runs?: readonly { info: { run_id: string; status: string } }[];
    };
    const [run] = runs;
    if (run?.info.status !== 'RUNNING') return 0;
    const history = await fetch(`${api}/metrics/get-history?run_id=${run.info.run_id}&metric_key=step/loss`);
    return ((await history.json()) as { metrics?: readonly unknown[] }).metrics?.length ?? 0;
  }

  it('has points on the server while it trains, and each once when it has ended', async () => {
    const experiment = fresh('live');
    let seen = 0;
    let steps = 0;
    const train = trainUntil(async (step) => {
      steps = step;
      if (step % 10 === 0) seen = await pointsOnServer(experiment);
      return seen > 0;
    });
    const cli = command({ train, env: { MLFLOW_TRACKING_URI: sharedServers().uri } });
    const document = await cli.json(...TRAIN, '--live', '--experiment', experiment);
    const { tracking } = document as unknown as { tracking: RecordedDocument };
    expect(tracking).toMatchObject({ complete: true, points: steps });
    const { metrics, status } = await readBack(tracking.mlflowRunId);
    expect(status).toBe('FINISHED');
    expect(metrics['step/loss']?.map(({ step }) => step)).toEqual(
      Array.from({ length: steps }, (_, index) => index + 1),
    );
  });

  it('loses nothing when the server goes while it trains', async () => {
    const experiment = fresh('live');
    const { state, uri } = await breakable(undefined);
    let seen = 0;
    const train = trainUntil(async (step) => {
      if (seen === 0 && step % 10 === 0) {
        seen = await pointsOnServer(experiment);
        if (seen > 0) state.broken = 'reset-after';
      }
      return seen > 0 && step % 100 === 0;
    });
    const cli = command({ train, env: { MLFLOW_TRACKING_URI: uri, MLFLOW_EXPERIMENT_NAME: experiment } });
    const { status, stderr } = await cli.run(...TRAIN, '--live');
    expect(status).toBe(0);
    expect(stderr).toContain('Not recorded, kept on this machine');
    state.broken = undefined;
    const { runs } = (await cli.json('sync')) as unknown as {
      runs: readonly (RecordedDocument & { readonly runDir: string })[];
    };
    const { runDir = '', mlflowRunId = '' } = runs[0] ?? {};
    const written = lines(readFileSync(join(runDir, 'events.ndjson'), 'utf8')).length;
    const { metrics } = await readBack(mlflowRunId);
    expect(metrics['step/loss']?.map(({ step }) => step)).toEqual(
      Array.from({ length: written }, (_, index) => index + 1),
    );
  });
});
