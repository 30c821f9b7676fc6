import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeDef, savedModel, type SignatureTensor } from '../../../../src/engine/trace/proto.js';
import { modelFiles } from '../../../../src/tracking/record/model-files.js';
import { readSavedModelSignature } from '../../../../src/tracking/record/saved-model-signature.js';
import { toYaml } from '../../../../src/tracking/record/yaml.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const image: SignatureTensor = {
  key: 'conv1_input',
  tensor: 'input_0:0',
  dtype: 'float32',
  shape: [-1, 28, 28, 1],
};
const probabilities: SignatureTensor = {
  key: 'probabilities',
  tensor: 'output_0:0',
  dtype: 'float32',
  shape: [-1, 10],
};
const count: SignatureTensor = { key: 'count', tensor: 'input_1:0', dtype: 'int32', shape: [0] };

const signature = {
  inputs: [{ name: 'conv1_input', dtype: 'float32', shape: [-1, 28, 28, 1] }],
  outputs: [{ name: 'probabilities', dtype: 'float32', shape: [-1, 10] }],
};

const withFile = (bytes: Uint8Array | string) => {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'saved_model.pb');
  writeFileSync(path, bytes);
  return { path, [Symbol.dispose]: () => directory[Symbol.dispose]() };
};

describe('readSavedModelSignature', () => {
  const graph = [nodeDef('input_0', 'Placeholder', [], {}), nodeDef('x'.repeat(100_000), 'NoOp', [], {})];

  it('finds names, types and shapes of what the model takes and gives, behind the graph', async () => {
    using file = withFile(
      savedModel(graph, [
        { name: 'other', inputs: [], outputs: [] },
        { name: 'serving_default', inputs: [image, count], outputs: [probabilities] },
      ]),
    );
    expect(await readSavedModelSignature(file.path)).toEqual({
      inputs: [...signature.inputs, { name: 'count', dtype: 'int32', shape: [0] }],
      outputs: signature.outputs,
    });
  });

  it('says that a model has none', async () => {
    using file = withFile(savedModel(graph, [{ name: 'other', inputs: [], outputs: [] }]));
    await expect(readSavedModelSignature(file.path)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: `${file.path} has no signature serving_default.`,
    });
  });

  it('refuses a file that is cut off, or no SavedModel', async () => {
    const whole = savedModel(graph, [{ name: 'serving_default', inputs: [image], outputs: [] }]);
    using cut = withFile(whole.subarray(0, whole.length - 5));
    using text = withFile('no protocol buffer');
    for (const { path } of [cut, text]) {
      await expect(readSavedModelSignature(path)).rejects.toMatchObject({
        code: 'run-corrupt',
        message: expect.stringContaining(`${path} cannot be read as a SavedModel: `) as string,
      });
    }
  });
});

describe('modelFiles', () => {
  it('make an MLflow model of what lies beside them', () => {
    const files = modelFiles({
      signature,
      engineVersion: '2.21.0',
      modelId: 'm-1',
      runId: 'abc',
      createdAt: Date.UTC(2026, 10, 25, 18, 49, 55, 872),
      bytes: 1_806_716,
      mlflowVersion: '3.17.2',
    });
    expect(Object.fromEntries(files.map(({ path, content }) => [path, content]))).toEqual({
      MLmodel: String.raw`flavors:
  python_function:
    loader_module: "mlflow.tensorflow"
    python_version: "3.12"
    env:
      conda: "conda.yaml"
      virtualenv: "python_env.yaml"
  tensorflow:
    model_type: "tf1-estimator"
    saved_model_dir: "saved_model"
    meta_graph_tags:
    - "serve"
    signature_def_key: "serving_default"
    tensorflow_version: "2.21.0"
  tfjs:
    layers_model: "tfjs/model.json"
signature:
  inputs: "[{\"name\":\"conv1_input\",\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"float32\",\"shape\":[-1,28,28,1]}}]"
  outputs: "[{\"name\":\"probabilities\",\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"float32\",\"shape\":[-1,10]}}]"
run_id: "abc"
model_id: "m-1"
model_uuid: "m-1"
mlflow_version: "3.17.2"
model_size_bytes: 1806716
utc_time_created: "2026-11-25 18:49:55.872000"
`,
      'requirements.txt': 'mlflow\ntensorflow==2.21.0\n',
      'conda.yaml': `channels:
- conda-forge
dependencies:
- python=3.12
- pip
- pip:
  - mlflow
  - tensorflow==2.21.0
name: mlflow-env
`,
      'python_env.yaml':
        'python: "3.12"\nbuild_dependencies:\n- "pip"\ndependencies:\n- "-r requirements.txt"\n',
    });
  });
});

describe('toYaml', () => {
  it('writes every string in quotes: none is taken for a number, a truth or a comment', () => {
    const yaml = toYaml({ a: '1', b: 'no', c: '# x', d: '"\\\n\u0085\u007f', e: true, f: 1.5 });
    expect(yaml).toBe('a: "1"\nb: "no"\nc: "# x"\nd: "\\"\\\\\\n\\u0085\\u007f"\ne: true\nf: 1.5\n');
  });
});
