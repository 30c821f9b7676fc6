import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { MOST_PARAM_CHARACTERS, MOST_TAG_CHARACTERS } from '../../../src/tracking/record/cut.js';
import { datasetsOf } from '../../../src/tracking/record/datasets.js';
import { isServerKey, serverKey } from '../../../src/tracking/record/keys.js';
import { modelFiles } from '../../../src/tracking/record/model-files.js';
import { temporaryDirectory } from '../../unit/common/temporary-directory.js';
import { sharedServers } from '../support/read-back.js';
import { runScript } from '../support/script-server.js';

const signature = {
  inputs: [{ name: 'conv1_input', dtype: 'float32', shape: [-1, 28, 28, 1] }],
  outputs: [{ name: 'probabilities', dtype: 'float32', shape: [-1, 10] }],
};
const data = {
  dir: '/data/mnist',
  digest: `sha256:${'ab'.repeat(32)}`,
  trainExamples: 6000,
  testExamples: 1000,
};
const GOOD_KEYS = ['loss', 'step/loss', 'engine.name', 'a b-c', '.hidden', 'a/..b', 'x'.repeat(250)];
const BAD_KEYS = ['.', '..', '..loss', '/loss', 'loss/', 'a//b', 'a/../b', './a', '50 %', 'x'.repeat(251)];

describe('a record as MLflow reads it', () => {
  it('has keys, datasets and a model that MLflow itself takes', async () => {
    using directory = temporaryDirectory();
    const files = modelFiles({
      signature,
      engineVersion: '2.21.0',
      modelId: 'm-0123456789abcdef0123456789abcdef',
      runId: '0123456789abcdef0123456789abcdef',
      createdAt: 1_795_632_595_872,
      bytes: 1_806_716,
      mlflowVersion: '3.17.2',
    });
    for (const { path, content } of files) writeFileSync(join(directory.path, path), content);
    const keys = [...GOOD_KEYS, ...BAD_KEYS, ...BAD_KEYS.map(serverKey)];
    const asked = {
      keys,
      model: directory.path,
      datasets: datasetsOf({ job: 'mnist-cnn', data } as RunSpec, { evaluated: true }),
    };
    const path = join(import.meta.dirname, 'read-by-mlflow.py');
    const printed = await runScript(sharedServers().scripts, { path, args: [JSON.stringify(asked)] });

    const dataset = {
      features: [{ name: null, dtype: 'uint8', shape: [-1, -1, -1, -1] }],
      targets: [{ name: null, dtype: 'uint8', shape: [-1] }],
      uri: '/data/mnist',
    };
    const { limits, ...answer } = JSON.parse(printed) as { limits: Record<string, number> };
    expect(answer).toEqual({
      keys: keys.map(isServerKey),
      datasets: [dataset, dataset],
      model: {
        ...signature,
        flavors: {
          python_function: {
            loader_module: 'mlflow.tensorflow',
            python_version: '3.12',
            env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
          },
          tensorflow: {
            model_type: 'tf1-estimator',
            saved_model_dir: 'saved_model',
            meta_graph_tags: ['serve'],
            signature_def_key: 'serving_default',
            tensorflow_version: '2.21.0',
          },
          tfjs: { layers_model: 'tfjs/model.json' },
        },
        run_id: '0123456789abcdef0123456789abcdef',
        model_id: 'm-0123456789abcdef0123456789abcdef',
        mlflow_version: '3.17.2',
        model_size_bytes: 1_806_716,
      },
    });
    expect(keys.map(isServerKey)).toEqual(keys.map((key) => !BAD_KEYS.includes(key)));
    expect(limits).toMatchObject({ digest: 36, param: MOST_PARAM_CHARACTERS });
    expect(limits.tag).toBeGreaterThanOrEqual(MOST_TAG_CHARACTERS);
  });
});
