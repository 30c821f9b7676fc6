/** What a server has twice after a creation that went on there: which one stays, and which is deleted. */
import { describe, expect, it } from 'vitest';
import { fakeServer, type Seen, signal } from './fake-server.js';

const TAG = { key: 'runner.run_id', value: 'a-run' };

interface RunState {
  readonly id: string;
  readonly startTime?: number;
  readonly data?: object;
  readonly inputs?: object;
  readonly status?: string;
  readonly stage?: string;
}

const info = ({ id, startTime = 5, status = 'RUNNING', stage = 'active' }: RunState) => ({
  ...{ run_id: id, experiment_id: '1', status, lifecycle_stage: stage },
  ...{ start_time: startTime, artifact_uri: `mlflow-artifacts:/1/${id}/artifacts` },
});

/** @returns the run that stays if `made` was made, and the ids of those that were deleted */
async function settle(made: string, runs: readonly RunState[]) {
  const { connection, seen } = await fakeServer(({ path }) => ({
    body: path.endsWith('runs/search')
      ? { runs: runs.map(({ data = {}, inputs = {}, ...run }) => ({ info: info(run), data, inputs })) }
      : {},
  }));
  const run = { id: made, experimentId: '1', name: '', status: 'RUNNING', lifecycleStage: 'active' } as const;
  const kept = await connection.server.settleRun({ ...run, artifactUri: 'x:' }, TAG, signal);
  const deleted = seen.filter(({ path }) => path.endsWith('runs/delete'));
  return {
    kept: kept.id,
    deleted: deleted.map(({ body }) => (JSON.parse(body) as { run_id: string }).run_id),
  };
}

describe('a run', () => {
  const param = { params: [{ key: 'epochs', value: '2' }] };

  it('that is alone stays', async () => {
    expect(await settle('b', [{ id: 'b' }])).toEqual({ kept: 'b', deleted: [] });
  });

  it.each(['a', 'b'])('of two empty ones: the same stays, whoever has made %s', async (made) => {
    expect(await settle(made, [{ id: 'b' }, { id: 'a' }])).toEqual({ kept: 'a', deleted: ['b'] });
  });

  it('the older one stays before the order of their ids', async () => {
    const runs = [{ id: 'a', startTime: 6 }, { id: 'b' }];
    expect(await settle('a', runs)).toEqual({ kept: 'b', deleted: ['a'] });
  });

  it.each<[string, Partial<RunState>]>([
    ['a parameter', { data: param }],
    ['a metric', { data: { metrics: [{ key: 'loss', value: 1 }] } }],
    ['a data set', { inputs: { dataset_inputs: [{}] } }],
    ['an end', { status: 'FINISHED' }],
  ])('with %s stays before an empty one', async (_name, rest) => {
    expect(await settle('a', [{ id: 'a' }, { id: 'b', ...rest }])).toEqual({ kept: 'b', deleted: ['a'] });
  });

  it('none is deleted of those that hold something, nor one that is deleted already', async () => {
    const runs = [
      { id: 'a', stage: 'deleted' },
      { id: 'b', data: param },
      { id: 'c', data: param },
    ];
    expect(await settle('c', runs)).toEqual({ kept: 'b', deleted: [] });
  });
});

it('a logged model: the older one stays, and the one that is ready before it', async () => {
  const model = (id: string, status: string) => ({ info: { model_id: id, artifact_uri: 'x:', status } });
  const reply = ({ path }: Seen) => ({
    body: path.endsWith('search')
      ? { models: [model('m-1', 'LOGGED_MODEL_PENDING'), model('m-2', 'LOGGED_MODEL_READY')] }
      : {},
  });
  const { connection, seen } = await fakeServer(reply);
  const made = { id: 'm-1', artifactUri: 'x:', status: 'LOGGED_MODEL_PENDING' } as const;
  const of = { experimentId: '1', runId: 'r1', name: 'mnist-cnn' };
  expect((await connection.server.settleModel(made, of, signal)).id).toBe('m-2');
  expect(seen.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual([
    'DELETE /api/2.0/mlflow/logged-models/m-1',
  ]);
});
