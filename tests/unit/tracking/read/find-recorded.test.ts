import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RunnerError } from '../../../../src/contract/errors.js';
import type { Listing, RecordedRun } from '../../../../src/tracking/read/recorded-runs.js';
import type { MetricPoint } from '../../../../src/tracking/record/run-record.js';
import { writeRunFixture, type RunFixture } from '../../../tracking/support/run-fixture.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { signal } from '../mlflow/fake-server.js';
import { recordedServer, type RecordedServer } from './recorded-server.js';

const EXPERIMENT = 'mnist-cnn';
const IDS = ['20260101-000000-aaaaaa', '20260102-000000-bbbbbb', '20260103-000000-ccbbbb'] as const;
const [FIRST, SECOND, THIRD] = IDS;
const HEX = 'deadbeef'.repeat(4);

let server: RecordedServer;
let fixture: RunFixture;
beforeEach(async () => {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  server = await recordedServer();
  fixture = await writeRunFixture({ runsDir: folder.path, steps: 1, model: false });
});

/** A run without artifacts, of this id and besides what is held of it. */
async function hold(
  runId: string,
  { tags = {}, ...held }: Parameters<RecordedServer['hold']>[1] = {},
): Promise<string> {
  const id = await server.hold({ ...fixture, run: { ...fixture.run, runId } }, { files: false, ...held });
  Object.assign(server.runs.get(id)!.tags, tags);
  return id;
}

const figure = (key: string, value: number): MetricPoint => ({ key, value, timestamp: 1, step: 0 });
const day = (of: number): number => Date.UTC(2026, 0, of);
const list = async (tags: Record<string, string> = {}, experiment = EXPERIMENT): Promise<Listing> =>
  (await server.open()).list({ experiment, tags, signal });
const find = async (query: string): Promise<readonly RecordedRun[]> =>
  (await server.open()).find(query, EXPERIMENT, signal);
const idsOf = (runs: readonly RecordedRun[]): readonly string[] => runs.map(({ runId }) => runId);
const failureOf = (work: Promise<unknown>): Promise<RunnerError> =>
  work.then(
    () => expect.fail('nothing was wrong'),
    (error: unknown) => error as RunnerError,
  );
const searches = () => server.seen.filter(({ path }) => path.endsWith('/runs/search'));

describe('the runs of an experiment', () => {
  it('are all of its pages', async () => {
    const ids = Array.from({ length: 450 }, (_, at) => `20260101-000000-${String(at).padStart(6, '0')}`);
    for (const runId of ids) await hold(runId);
    const found: number[] = [];
    const recorded = await server.open();
    const onFound = (runs: number): void => void found.push(runs);
    const { runs } = await recorded.list({ experiment: EXPERIMENT, tags: {}, onFound, signal });
    expect(idsOf(runs)).toEqual(ids.reverse());
    expect([searches().length, found]).toEqual([3, [200, 400, 450]]);
  });

  it('are those with all the tags, as people have set them on the server', async () => {
    await hold(FIRST, { tags: { gpu: 'no', 'a b/c': "it's" } });
    await hold(SECOND, { tags: { gpu: 'no' } });
    expect(idsOf((await list({ gpu: 'no' })).runs)).toEqual([SECOND, FIRST]);
    const chosen = await list({ gpu: 'no', 'a b/c': 'it' });
    expect(chosen.runs).toEqual([]);
  });

  it('are ours; others are counted, and so is what bears no run id of ours', async () => {
    await hold(FIRST);
    for (const tag of ['', '../../etc', `${SECOND}/..`, `${SECOND}\n`]) {
      await hold(SECOND, { tags: { 'runner.run_id': tag } });
    }
    await hold(SECOND);
    delete [...server.runs.values()].at(-1)?.tags['runner.run_id'];
    expect(await list()).toMatchObject({ runs: [{ runId: FIRST }], others: 5, twice: 0 });
  });

  it('are there once each, however often they are recorded: as that which has come further', async () => {
    await hold(FIRST, { id: 'c'.repeat(32) });
    await hold(FIRST, { id: 'b'.repeat(32) });
    await hold(FIRST, { id: 'a'.repeat(32), tags: { 'runner.status': 'running' } });
    expect(await list()).toMatchObject({
      runs: [{ runId: FIRST, mlflowRunId: 'b'.repeat(32), status: 'succeeded' }],
      twice: 2,
    });
  });

  it('are without those that were deleted', async () => {
    await hold(FIRST, { stage: 'deleted' });
    await hold(SECOND);
    expect(idsOf((await list()).runs)).toEqual([SECOND]);
  });

  it('are alike where they had the same to do, wherever they did it', async () => {
    const params = {
      'data.dir': '/a',
      'data.digest': 'x',
      mode: 'docker',
      'limits.memory_bytes': '1',
      'kubernetes.namespace': 'ml',
      seed: '1',
    };
    await hold(FIRST, { params });
    await hold(SECOND, { params: { 'data.dir': '/b', 'data.digest': 'x', mode: 'inprocess', seed: '1' } });
    await hold(THIRD, { params: { ...params, seed: '2' } });
    const [third, second, first] = (await list()).runs.map(({ likeness }) => likeness);
    expect(first).toBe(second);
    expect(third).not.toBe(second);
  });

  it.each<[string, Parameters<typeof hold>[1], boolean]>([
    ['how many steps one call does', { params: { seed: '1', 'engine.steps_per_call': '8' } }, true],
    ['which thread makes the batches', { params: { seed: '1', 'engine.prefetch': 'true' } }, true],
    ['what it computes on', { params: { seed: '1', 'engine.gpu.deterministic': 'true' } }, false],
    [
      'whether it was evaluated',
      { params: { seed: '1' }, metrics: [figure('phase/evaluate_ms', 90)] },
      false,
    ],
  ])('that differ in %s are alike or not as their specs are', async (_, other, alike) => {
    await hold(FIRST, { params: { seed: '1' }, metrics: [] });
    await hold(SECOND, { metrics: [], ...other });
    const [second, first] = (await list()).runs.map(({ likeness }) => likeness);
    expect(first === second).toBe(alike);
  });

  it('have the phases by which sides are told apart, as their outcomes have them', async () => {
    const figures = {
      'phase/train_ms': 140.5,
      'phase/trainer_startup_ms': 600,
      'phase/engine_ms': 400,
      loss: NaN,
    };
    await hold(FIRST, { metrics: Object.entries(figures).map(([key, value]) => figure(key, value)) });
    await hold(SECOND, { metrics: [] });
    const [second, first] = (await list()).runs.map(({ phases }) => phases);
    expect([first, second]).toEqual([{ train: 140.5, trainerStartup: 600 }, {}]);
  });

  it('end, also where the pages of a server do not', async () => {
    await hold(FIRST);
    server.instead = ({ path }) =>
      path.endsWith('/runs/search') ? { body: { runs: [], next_page_token: 'again' } } : undefined;
    expect(await failureOf(list())).toMatchObject({
      code: 'tracking-refused',
      message: `${server.uri} was asked to list runs and names a next page that is none.`,
    });
  });

  it('of no such experiment are none', async () => {
    expect(await failureOf(list({}, 'digits'))).toMatchObject({
      code: 'run-not-found',
      message: `There is no experiment digits at ${server.uri}.`,
    });
  });
});

describe('a run is found', () => {
  it.each([
    ['its id', SECOND, [SECOND]],
    ['the start of it', '20260102', [SECOND]],
    ['a start that several have', '2026', [THIRD, SECOND, FIRST]],
    ['the end of it', 'aaaaaa', [FIRST]],
    ['an end that several have', 'bbbb', [THIRD, SECOND]],
    ['the word latest', 'latest', [THIRD]],
    ['the id that MLflow gave it', HEX, [FIRST]],
    ['the start of that', 'deadbeef', [FIRST]],
  ])('by %s', async (_, query, expected) => {
    await hold(FIRST, { id: HEX, startTimeMs: day(1) });
    await hold(SECOND, { startTimeMs: day(2) });
    await hold(THIRD, { startTimeMs: day(3) });
    expect(idsOf(await find(query))).toEqual(expected);
  });

  it.each(['%', '_', "'", '../x', 'bbb', ''])('by %j, which is none of these, never', async (query) => {
    await hold(SECOND);
    expect(await find(query)).toEqual([]);
  });

  it('though it was deleted, and as such, unless it was recorded again', async () => {
    await hold(FIRST, { stage: 'deleted', id: HEX });
    expect(await find(FIRST)).toMatchObject([{ mlflowRunId: HEX, deleted: true }]);
    await hold(FIRST, { id: 'b'.repeat(32) });
    expect(await find(FIRST)).toMatchObject([{ mlflowRunId: 'b'.repeat(32), deleted: false }]);
  });

  it('by the id of a run of somebody else never: it is told to be that', async () => {
    await hold(FIRST, { id: HEX, tags: { 'runner.run_id': '' } });
    expect(await failureOf(find(HEX))).toMatchObject({
      code: 'run-not-found',
      message: `Run ${HEX} at ${server.uri} was not recorded by runner.`,
    });
  });
});

describe('a server that only reads', () => {
  it('and is down is said to be, with what to do where nothing is recorded', async () => {
    const recorded = await server.open();
    server.instead = () => 'reset';
    expect(await failureOf(recorded.probe(signal))).toMatchObject({
      code: 'tracking-unreachable',
      hint: 'Start the server, or correct its address (--tracking-uri, MLFLOW_TRACKING_URI).',
    });
  });

  it('and repeats the token in a refusal is not repeated', async () => {
    const recorded = await server.open({ MLFLOW_TRACKING_TOKEN: 'planted-token' });
    server.instead = () => ({ status: 401, body: { message: 'not with planted-token' } });
    const { code, message, hint } = await failureOf(recorded.probe(signal));
    expect({ code, hint }).toEqual({
      code: 'tracking-forbidden',
      hint: 'Check the credentials of the tracking server (docs/tracking.md).',
    });
    expect(message).toContain('not with ***');
  });
});
