import { describe, expect, test } from 'vitest';
import { connect, fresh, newRun, signal } from '../support/connect.js';
import { readBack, sharedServers } from '../support/read-back.js';

const written: number[] = [];
const onWritten = (count: number): Promise<void> => Promise.resolve(void written.push(count));

describe('probe', () => {
  test('tells the version, and that the clocks agree', async () => {
    const { server } = await connect();
    const { version, clockSkewMs } = await server.probe(signal);
    expect(version).toBe('3.17.2');
    expect(Math.abs(clockSkewMs!)).toBeLessThan(10_000);
    expect(server.uri).toBe(sharedServers().uri);
  });
});

describe('experiments', () => {
  test('an experiment is made once and found by its name, whatever characters it has', async () => {
    const { server } = await connect();
    const name = `${fresh('é & "quoted" \'one\' 100%')} ?#`;
    const made = await server.ensureExperiment(name, signal);
    expect(made.name).toBe(name);
    expect(await server.ensureExperiment(name, signal)).toEqual(made);
  });

  test('two who make it at the same moment get the same one', async () => {
    const { server } = await connect();
    const name = fresh('race');
    const made = await Promise.all(Array.from({ length: 4 }, () => server.ensureExperiment(name, signal)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });

  test('a deleted experiment is told, with the name that stays taken', async () => {
    const { server, http } = await connect();
    const name = fresh('gone');
    const { id } = await server.ensureExperiment(name, signal);
    await http.client.post('/api/2.0/mlflow/experiments/delete', { experiment_id: id });
    await expect(server.ensureExperiment(name, signal)).rejects.toMatchObject({
      code: 'experiment-deleted',
      message: `Experiment ${name} is deleted on ${server.uri}.`,
    });
    const run = { experimentId: id, name: 'late', startTimeMs: 1, tags: [] };
    await expect(server.createRun(run, signal)).rejects.toMatchObject({
      code: 'experiment-deleted',
      message: `Experiment ${id} on ${server.uri} is deleted.`,
    });
  });
});

describe('runs', () => {
  test('a run is created, found by its tag, changed, and read by the Python client', async () => {
    const { server } = await connect();
    const { id: experimentId } = await server.ensureExperiment(fresh('runs'), signal);
    const tag = { key: 'runner.run_id', value: "20261125-it's" };
    expect(await server.findRun(experimentId, tag, signal)).toBeNull();
    const created = await server.createRun(
      { experimentId, name: 'mnist-cnn-docker-abc123', startTimeMs: 1_700_000_000_000, tags: [tag] },
      signal,
    );
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      experimentId,
      name: 'mnist-cnn-docker-abc123',
      status: 'RUNNING',
      lifecycleStage: 'active',
      artifactUri: `mlflow-artifacts:/${experimentId}/${created.id}/artifacts`,
    });
    expect(await server.findRun(experimentId, tag, signal)).toEqual(created);
    expect(await server.getRun(created.id, signal)).toEqual(created);

    await server.updateRun(
      created.id,
      { status: 'KILLED', endTimeMs: 1_700_000_009_999, name: 'new name' },
      signal,
    );
    await server.updateRun(created.id, { status: 'KILLED' }, signal);
    expect(await readBack(created.id)).toMatchObject({
      ...{ name: 'new name', status: 'KILLED', lifecycleStage: 'active' },
      ...{ startTimeMs: 1_700_000_000_000, endTimeMs: 1_700_000_009_999 },
      tags: { 'runner.run_id': "20261125-it's", 'mlflow.runName': 'new name' },
    });
  });

  test('of two runs with the tag the older one is found', async () => {
    const { server } = await connect();
    const { id: experimentId } = await server.ensureExperiment(fresh('two'), signal);
    const tags = [{ key: 'runner.run_id', value: 'twice' }];
    await server.createRun({ experimentId, name: 'b', startTimeMs: 2000, tags }, signal);
    const older = await server.createRun({ experimentId, name: 'a', startTimeMs: 1000, tags }, signal);
    expect(await server.findRun(experimentId, tags[0]!, signal)).toEqual(older);
  });

  test('a run that is not there is null', async () => {
    const { server } = await connect();
    expect(await server.getRun('0'.repeat(32), signal)).toBeNull();
  });

  test('a run that was deleted meanwhile is found still, but not written to', async () => {
    const { server, http } = await connect();
    const run = await newRun(server);
    await http.client.post('/api/2.0/mlflow/runs/delete', { run_id: run.id });
    expect(await server.getRun(run.id, signal)).toEqual({ ...run, lifecycleStage: 'deleted' });
    const points = [{ key: 'loss', value: 1, timestamp: 1, step: 0 }];
    const entry = [{ key: 'a', value: '1' }];
    const deleted = { code: 'run-deleted', message: `Run ${run.id} on ${server.uri} is deleted.` };
    const options = { maybeThere: false, onWritten, signal };
    await expect(server.logMetrics(run.id, points, options)).rejects.toMatchObject(deleted);
    await expect(server.logParams(run.id, entry, signal)).rejects.toMatchObject(deleted);
    await expect(server.setTags(run.id, entry, signal)).rejects.toMatchObject(deleted);
    await expect(server.updateRun(run.id, { status: 'FAILED' }, signal)).rejects.toMatchObject(deleted);
    await expect(server.setTags('0'.repeat(32), entry, signal)).rejects.toMatchObject({
      code: 'run-deleted',
      hint: 'Record it anew with `runner log RUN --again`.',
    });
  });
});

describe('parameters, tags and data sets', () => {
  test('more than a request may hold of each arrive, and again is no trouble', async () => {
    const { server } = await connect();
    const { id } = await newRun(server);
    const params = Array.from({ length: 250 }, (_, at) => ({ key: `param.${at}`, value: `值${at}` }));
    // 150 times 8,000 characters of three bytes: more than a request's bytes.
    const tags = Array.from({ length: 150 }, (_, at) => ({ key: `tag ${at}`, value: '値'.repeat(8000) }));
    for (let times = 0; times < 2; times += 1) {
      await server.logParams(id, params, signal);
      await server.setTags(id, tags, signal);
    }
    const { params: gotParams, tags: gotTags } = await readBack(id);
    expect(gotParams).toEqual(Object.fromEntries(params.map(({ key, value }) => [key, value])));
    expect(gotTags).toEqual({
      'mlflow.runName': 'a run',
      ...Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    });
  });

  test('a parameter with another value there is named with both values', async () => {
    const { server } = await connect();
    const { id } = await newRun(server);
    await server.logParams(
      id,
      [
        { key: 'epochs', value: '3' },
        { key: 'label/smoothing', value: '"a"' },
      ],
      signal,
    );
    const changed = [
      { key: 'epochs', value: '3' },
      { key: 'label/smoothing', value: '"b"' },
    ];
    await expect(server.logParams(id, changed, signal)).rejects.toMatchObject({
      code: 'tracking-conflict',
      message: `Parameter label/smoothing of run ${id} on ${server.uri} is "\\"a\\"" there and "\\"b\\"" here.`,
    });
  });

  test('what the server will not take is refused in its own words', async () => {
    const { server } = await connect();
    const { id } = await newRun(server);
    await expect(server.logParams(id, [{ key: '../up', value: '1' }], signal)).rejects.toMatchObject({
      code: 'tracking-refused',
      message: expect.stringMatching(
        /refused to log parameters \(400\): Invalid value "\.\.\/up" for parameter/,
      ) as string,
    });
  });

  test('a data set is an input of the run once, with its context', async () => {
    const { server } = await connect();
    const { id } = await newRun(server);
    const dataset = {
      ...{ name: 'mnist', digest: 'f'.repeat(36), sourceType: 'local', context: 'train' },
      ...{ source: '{"uri":"/data"}', schema: '{}', profile: '{"rows":60000}' },
    };
    const other = { ...dataset, digest: 'e'.repeat(36), context: 'eval' };
    await server.logDatasets(id, [dataset, other], signal);
    await server.logDatasets(id, [dataset, other], signal);
    await server.logDatasets(id, [], signal);
    expect((await readBack(id)).datasets).toEqual(expect.arrayContaining([dataset, other]));
    expect((await readBack(id)).datasets).toHaveLength(2);
  });
});

describe('models', () => {
  test('a logged model is made, found, finished, an output of its run once, and registered once', async () => {
    const { server } = await connect();
    const { id: runId, experimentId } = await newRun(server);
    expect(await server.findModel(experimentId, runId, 'model', signal)).toBeNull();
    const made = await server.createModel(
      {
        ...{ experimentId, runId, name: 'model' },
        tags: [{ key: 'runner.run_id', value: 'x' }],
      },
      signal,
    );
    expect(made).toEqual({
      id: expect.stringMatching(/^m-[0-9a-f]{32}$/) as string,
      artifactUri: `mlflow-artifacts:/${experimentId}/models/${made.id}/artifacts`,
      status: 'LOGGED_MODEL_PENDING',
    });
    expect(await server.findModel(experimentId, runId, 'model', signal)).toEqual(made);

    await server.finishModel(made.id, runId, { ok: false, step: 3 }, signal);
    expect((await server.findModel(experimentId, runId, 'model', signal))?.status).toBe(
      'LOGGED_MODEL_UPLOAD_FAILED',
    );
    await server.finishModel(made.id, runId, { ok: true, step: 3 }, signal);
    await server.finishModel(made.id, runId, { ok: true, step: 3 }, signal);

    const name = fresh("mnist o'clock");
    const source = {
      modelId: made.id,
      runId,
      source: `models:/${made.id}`,
      tags: [{ key: 'mode', value: 'docker' }],
    };
    const version = await server.ensureVersion(name, source, signal);
    expect(version).toEqual({ name, version: '1' });
    expect(await server.ensureVersion(name, source, signal)).toEqual(version);

    const back = await readBack(runId);
    expect(back.outputs).toEqual([{ modelId: made.id, step: 3 }]);
    expect(back.models).toEqual([
      {
        id: made.id,
        name: 'model',
        status: 'READY',
        params: {},
        tags: { 'runner.run_id': 'x', 'mlflow.modelVersions': expect.stringContaining(name) as string },
      },
    ]);
    expect(back.versions).toEqual([
      { name, version: '1', source: source.source, status: 'READY', tags: { mode: 'docker' } },
    ]);
  });

  test('another model gets another version of the same name', async () => {
    const { server } = await connect();
    const { id: runId, experimentId } = await newRun(server);
    const name = fresh('registered');
    const versions = [];
    for (const model of ['first', 'second']) {
      const { id } = await server.createModel({ experimentId, runId, name: model, tags: [] }, signal);
      const source = { modelId: id, runId, source: `models:/${id}`, tags: [] };
      versions.push((await server.ensureVersion(name, source, signal)).version);
    }
    expect(versions).toEqual(['1', '2']);
  });
});
