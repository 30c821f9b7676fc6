/** What a person gets wrong, or what was changed meanwhile: each is told with its remedy, and nothing else is lost. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RUN_FILES, runPath } from '../../src/contract/run-directory.js';
import { RunnerError, type ErrorCode } from '../../src/contract/errors.js';
import type { Recorded, RunToRecord } from '../../src/tracking/tracking.js';
import { runJson } from '../support/runner.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { s3Env } from './support/artifacts.js';
import { command, TRAIN } from './support/command.js';
import { fresh } from './support/connect.js';
import { startFaultProxy } from './support/fault-proxy.js';
import { readBack, sharedServers } from './support/read-back.js';
import { expectedPoints, readExperiment } from './support/read-experiment.js';
import {
  pointsOfRun,
  writeRunFixture,
  type RunFixture,
  type RunFixtureOptions,
} from './support/run-fixture.js';
import { BUCKET, READER } from './support/seaweed.js';
import { callServer, experimentIn } from './support/server-api.js';
import { recordWhole, trackingAt } from './support/tracking.js';

const { signal } = new AbortController();

function fixture(options: Partial<RunFixtureOptions> = {}): Promise<RunFixture> {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  return writeRunFixture({ runsDir: folder.path, ...options });
}

/** Rejects with an error that has this code, and says these words or hints at them. */
async function expectFailure(work: Promise<unknown>, code: ErrorCode, ...words: RegExp[]): Promise<void> {
  const error: unknown = await work.then(
    () => new Error('did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RunnerError);
  const { code: found, message, hint } = error as RunnerError;
  expect(found, message).toBe(code);
  for (const word of words) expect(`${message} ${hint}`).toMatch(word);
}

describe('an address', () => {
  it.each([
    ['no-address', /no-address/],
    ['databricks://profile', /http/],
    ['http://', /http:\/\//],
    ['file:///mlruns', /http/],
  ])('%s is refused with what is supported, and nothing is trained', async (uri, words) => {
    const cli = command({ train: () => Promise.reject(new Error('must not train')) });
    for (const args of [TRAIN, ['sync']]) {
      const { status, stderr } = await cli.run(...args, '--tracking-uri', uri);
      expect(status).toBe(2);
      expect(stderr).toMatch(words);
    }
  });

  it('of another program, in a variable, does not keep a run from succeeding', async () => {
    const { status, stderr } = await command({ env: { MLFLOW_TRACKING_URI: 'databricks' } }).run(...TRAIN);
    expect(status).toBe(0);
    expect(stderr).toContain('Not recorded, kept on this machine');
  });
});

describe('what was deleted on the server', () => {
  it('the experiment: says so, and takes another', async () => {
    const { run } = await fixture();
    const tracking = await trackingAt();
    const experiment = fresh('deleted');
    const other = await recordWhole(tracking, (await fixture()).run, { experiment });
    await callServer('experiments/delete', { experiment_id: other.experiment.id });
    await expectFailure(
      recordWhole(tracking, run, { experiment }),
      'experiment-deleted',
      /restore/,
      /--experiment/,
    );
    await recordWhole(tracking, run, { experiment: fresh('another') });
  });

  it('the experiment of a recorded run: names the command that brings both back', async () => {
    const { run } = await fixture();
    const tracking = await trackingAt();
    const recorded = await recordWhole(tracking, run, { experiment: fresh('deleted-with-runs') });
    const { id } = recorded.experiment;
    await callServer('experiments/delete', { experiment_id: id });
    const restore = new RegExp(`mlflow experiments restore --experiment-id ${id}\\b`);
    await expectFailure(recordWhole(tracking, run), 'experiment-deleted', restore);
    await callServer('experiments/restore', { experiment_id: id });
    expect(await recordWhole(tracking, run)).toMatchObject({ mlflowRunId: recorded.mlflowRunId });
  });

  it('the run: says so, and records it anew with --again, whatever was noted of the old one', async () => {
    const { run } = await fixture();
    const tracking = await trackingAt();
    const experiment = fresh('deleted-run');
    const { mlflowRunId: first } = await recordWhole(tracking, run, { experiment });
    await callServer('runs/delete', { run_id: first });
    await expectFailure(recordWhole(tracking, run, { experiment }), 'run-deleted', /--again/, /restore/);
    const { mlflowRunId: second } = await recordWhole(tracking, run, { experiment, again: true });
    expect(second).not.toBe(first);
    // Whoever has lost the notes finds the one that is there.
    rmSync(runPath(run.runDir, 'tracking'));
    expect(await recordWhole(tracking, run, { experiment })).toMatchObject({ mlflowRunId: second });
  });
});

it('one server by two addresses has the run once, in the experiment where it is', async () => {
  const { run } = await fixture();
  const { hostname, port } = new URL(sharedServers().uri);
  const other = `http://${hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${port}`;
  const first = await recordWhole(await trackingAt(), run, { experiment: fresh('two-addresses') });
  const again = await recordWhole(await trackingAt({ uri: other }), run, { experiment: fresh('elsewhere') });
  expect(again).toMatchObject({ mlflowRunId: first.mlflowRunId, experiment: first.experiment });
  expect(again.artifacts.sent).toBe(0);
});

it('a parameter that has another value there is named, with both', async () => {
  const { run } = await fixture();
  const tracking = await trackingAt();
  const { mlflowRunId } = await recordWhole(tracking, run, { experiment: fresh('param') });
  const changed: RunToRecord = { ...run, spec: { ...run.spec, seed: 8 } };
  await expectFailure(recordWhole(tracking, changed), 'tracking-conflict', /seed/, /7/, /8/);
  expect((await readBack(mlflowRunId)).params.seed).toBe('7');
});

describe('a run directory', () => {
  it('of a run that still goes on is left out by sync, and refused by log', async () => {
    const cli = command({ env: { MLFLOW_TRACKING_URI: sharedServers().uri } });
    const { runId } = await writeRunFixture({ runsDir: cli.runsDir, ended: false });
    const log = await cli.run('log', runId);
    expect(log.status).not.toBe(0);
    expect(log.stderr).toMatch(/unfinished: it is recorded once it has ended/);
    const sync = await cli.run('sync');
    expect(sync.status).toBe(0);
    expect(sync.stderr).toContain('Left out: 1 without a process; `runner recover` finishes them.');
  });

  it('whose last event is cut off is recorded up to the one before', async () => {
    const run = await fixture({ steps: 10 });
    const points = expectedPoints(await pointsOfRun(run));
    appendFileSync(runPath(run.runDir, 'events'), '{"seq":99,"t":17');
    const experiment = fresh('half-line');
    await recordWhole(await trackingAt(), run.run, { experiment });
    expect(await readExperiment({ ...sharedServers(), experiment })).toMatchObject([{ points }]);
  });

  it('with a broken line in the middle: names the line, and has recorded all but the events from it on', async () => {
    const { run, runDir } = await fixture({ steps: 10, epochs: 1 });
    const path = runPath(runDir, 'events');
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, lines.with(5, '{"seq":').join('\n'));
    const experiment = fresh('broken-line');
    await expectFailure(
      recordWhole(await trackingAt(), run, { experiment }),
      'run-corrupt',
      /events\.ndjson:6/,
    );
    // A phase, then four steps of four figures; and the figures of the whole run.
    const [recorded] = await readExperiment({ ...sharedServers(), experiment });
    expect(recorded).toMatchObject({
      ...{ status: 'FINISHED', points: { count: 16 + 14 } },
      ...{ models: [{ status: 'READY' }], outputs: 1 },
    });
  });

  it.each<[string, (file: string) => void, RegExp]>([
    ['is gone', (file) => rmSync(file), /it is gone/],
    ['has another size', (file) => writeFileSync(file, 'more than there was'), /bytes/],
    ['has another content', (file) => writeFileSync(file, 'SOME NOTES'), /sha256/],
  ])(
    'one of whose artifacts %s: names it, and has sent all others and the model',
    async (_, spoil, words) => {
      const { run, runDir } = await fixture({
        artifacts: { 'eval/notes.txt': 'some notes', 'eval/other.txt': 'other' },
      });
      spoil(`${runDir}/${RUN_FILES.artifacts}/eval/notes.txt`);
      const tracking = await trackingAt();
      const experiment = fresh('spoilt');
      const recorded: Recorded = await tracking.record(run, { experiment, signal });
      await expectFailure(Promise.reject(recorded.problem!), 'artifact-changed', /notes\.txt/, words);
      const [there] = await readExperiment({ ...sharedServers(), experiment });
      expect(Object.keys(there?.artifacts ?? {})).toContain('eval/other.txt');
      expect(Object.keys(there?.artifacts ?? {})).not.toContain('eval/notes.txt');
      expect(there).toMatchObject({ status: 'FINISHED', models: [{ status: 'READY' }], outputs: 1 });
      expect(await tracking.isPending(run)).toBe(true);
    },
  );

  it('that two processes record at once is recorded once', async () => {
    const { runId, runDir, run } = await fixture({ steps: 500 });
    const experiment = fresh('two');
    const args = ['log', runId, '--runs-dir', dirname(runDir), '--experiment', experiment];
    const env = { MLFLOW_TRACKING_URI: sharedServers().uri, HOME: '/nowhere' };
    const both = await Promise.all([runJson(args, { env }), runJson(args, { env })]);
    const [one, other] = both.map(({ exitCode, document, stderr }) => {
      expect(exitCode, stderr).toBe(0);
      return (document as unknown as { readonly runs: readonly Recorded[] }).runs[0];
    });
    expect(one?.mlflowRunId).toBe(other?.mlflowRunId);
    expect(await readExperiment({ ...sharedServers(), experiment })).toMatchObject([
      { points: expectedPoints(await pointsOfRun({ runId, runDir, run })), models: [{}], outputs: 1 },
    ]);
  });
});

it('of a clock that is far off it is said by how much, and all is recorded', async () => {
  const proxy = await startFaultProxy({ target: sharedServers().uri, faultOf: () => 'late-clock' });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const cli = command({ env: { MLFLOW_TRACKING_URI: proxy.uri, MLFLOW_EXPERIMENT_NAME: fresh('clock') } });
  await writeRunFixture({ runsDir: cli.runsDir });
  const { status, stderr } = await cli.run('sync');
  expect(stderr).toContain("This machine's clock is 20 minutes ahead of the tracking server's");
  expect(status, stderr).toBe(0);
});

describe('an artifact store', () => {
  it('whose bucket is missing: the run is recorded without artifacts, and it is said what to do', async () => {
    const { run } = await fixture();
    const experiment = await experimentIn('s3://no-such-bucket/root');
    const tracking = await trackingAt({ env: s3Env() });
    const { problem, mlflowRunId } = await tracking.record(run, { experiment, signal });
    await expectFailure(Promise.reject(problem!), 'bucket-missing', /no-such-bucket/, /Create the bucket/);
    expect(await readBack(mlflowRunId)).toMatchObject({ status: 'FINISHED' });
  });

  it('that does not let this user write: likewise', async () => {
    const { run } = await fixture();
    const experiment = await experimentIn(`s3://${BUCKET}/reader`);
    const tracking = await trackingAt({ env: { ...s3Env(), ...READER } });
    const { problem, mlflowRunId } = await tracking.record(run, { experiment, signal });
    await expectFailure(Promise.reject(problem!), 'artifact-store-forbidden', /credentials/);
    expect(await readBack(mlflowRunId)).toMatchObject({ status: 'FINISHED' });
    // With the right to, the same run is finished.
    const allowed = await trackingAt({ env: s3Env() });
    expect(await recordWhole(allowed, run, { experiment })).toMatchObject({ mlflowRunId });
  });
});
