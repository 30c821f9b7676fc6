/** The DAGs run for real: `airflow dags test`, a Docker daemon, and a tracking server whose artifacts SeaweedFS keeps. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { startMlflowServer } from '../tracking/support/mlflow-server.js';
import { trackingPython } from '../tracking/support/python.js';
import { ADMIN, BUCKET, startSeaweed } from '../tracking/support/seaweed.js';
import { createAirflow } from './support/airflow.js';
import { artifacts, recordedRuns } from './support/recorded.js';
import { readJson, runIds } from './support/runs.js';

const SHORT = JSON.stringify({ MNIST_EPOCHS: 1, RUNNER_THREADS: 2 });

describe('a DAG run', () => {
  it('of the comparison trains the same weights in both modes, records both, and leaves its report', async (test) => {
    const daemon = inject('testDaemon');
    const tracking = await trackingPython();
    if ('lacking' in daemon) return test.skip(daemon.lacking);
    if ('lacking' in tracking) return test.skip(tracking.lacking);
    await using seaweed = await startSeaweed(tracking);
    await using server = await startMlflowServer({
      ...tracking,
      artifactsDestination: `s3://${BUCKET}/artifacts`,
      env: {
        MLFLOW_S3_ENDPOINT_URL: seaweed.endpoint,
        ...ADMIN,
        AWS_MAX_ATTEMPTS: '1',
      },
    });
    await using airflow = await createAirflow({
      DOCKER_HOST: daemon.dockerHost,
      MLFLOW_TRACKING_URI: server.uri,
    });
    await airflow.airflow('dags', 'test', 'mnist_cnn_compare', '-c', SHORT);

    const folder = runsOf(join(airflow.artifacts, 'mnist_cnn_compare'));
    const outcomes = runIds(folder).map((id) => readJson(join(folder, id, 'outcome.json')));
    expect(outcomes.map(({ status, mode }) => [status, mode])).toEqual([
      ['succeeded', 'inprocess'],
      ['succeeded', 'docker'],
    ]);
    const digests = outcomes.map(({ training }) => (training as { weightsDigest: string }).weightsDigest);
    expect(digests[1]).toBe(digests[0]);
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining(['compare.html', 'compare.json', 'compare.md']),
    );
    const runs = await recordedRuns(server.uri);
    expect(runs.map(({ tags }) => tags['runner.weights_digest'])).toEqual(digests.toReversed());
    for (const { id } of runs) {
      expect(await artifacts(server.uri, id, 'metrics')).toContain('metrics/train_curve.png');
      expect(await artifacts(server.uri, id, 'eval')).toContain('eval/sample_predictions.png');
    }

    // And now without SeaweedFS.
    await seaweed.stop();
    await airflow.airflow('dags', 'test', 'mnist_cnn_training_train_with_tensorflow', '-c', SHORT);
    const kept = runsOf(join(airflow.artifacts, 'mnist_cnn_training_train_with_tensorflow'));
    const [id = ''] = runIds(kept);
    expect(readdirSync(join(kept, id, 'artifacts', 'eval'))).toContain('sample_predictions.png');
    expect(readJson(join(kept, id, 'tracking.json'))).toMatchObject({
      destinations: [{ problem: { code: 'artifact-store-unreachable' } }],
    });
  });
});

/** The folder of the one DAG run. */
const runsOf = (folder: string): string => join(folder, ...readdirSync(folder));
