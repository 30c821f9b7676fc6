/** What a run leaves behind, read by the Python packages that others will read it with. */
import { execa } from 'execa';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readNewestCheckpoint } from '../../src/trainer/checkpoints/folder.js';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { pythonFor } from '../support/python-env.js';
import { runJson } from '../support/runner.js';

const INSTALLING = 900_000;

let folder: string;
let dataDir: string;
let runDir: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runner-python-'));
  dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  writeMnistSubset(dataDir, { train: 2000, test: 100 });
  const args = [
    'train',
    '--data-dir',
    dataDir,
    '--runs-dir',
    join(folder, 'runs'),
    '--epochs',
    '1',
    '--evaluate',
  ];
  const { exitCode, document, stderr } = await runJson(args);
  expect(exitCode, stderr).toBe(0);
  runDir = document.runDir as string;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script, gives it arguments, and reads the JSON it prints. */
async function askPython(python: string, script: string, args: readonly string[]): Promise<unknown> {
  const file = join(folder, 'ask.py');
  writeFileSync(file, script);
  const { stdout } = await execa(python, [file, ...args], { env: { TF_CPP_MIN_LOG_LEVEL: '3' } });
  return JSON.parse(stdout);
}

test(
  'tf.saved_model.load serves the model: the same confusion matrix and loss as `runner evaluate`',
  async (context) => {
    const python = await pythonFor(context);
    const script = `
import json, sys
import numpy as np, tensorflow as tf
run, data = sys.argv[1:]
images = np.fromfile(data + '/t10k-images-idx3-ubyte', np.uint8)[16:].reshape(-1, 28, 28, 1)
labels = np.fromfile(data + '/t10k-labels-idx1-ubyte', np.uint8)[8:]
serve = tf.saved_model.load(run + '/artifacts/model/saved_model').signatures['serving_default']
_, inputs = serve.structured_input_signature
name, = inputs
outputs = serve(**{name: tf.constant(images.astype('float32') / 255)})
p = outputs['probabilities'].numpy()
one = serve(**{name: tf.constant(images[:1].astype('float32') / 255)})['probabilities'].numpy()
matrix = tf.math.confusion_matrix(labels, p.argmax(1), 10).numpy().tolist()
loss = float(-np.log(p[np.arange(len(labels)), labels]).mean())
print(json.dumps({'outputs': list(outputs), 'shape': inputs[name].shape.as_list(), 'matrix': matrix, 'loss': loss,
                  'alone': float(abs(one - p[:1]).max())}))
`;
    const seen = (await askPython(python, script, [runDir, dataDir])) as Record<string, unknown>;
    const metrics = JSON.parse(readFileSync(join(runDir, 'artifacts/eval/metrics.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(seen).toMatchObject({
      outputs: ['probabilities'],
      shape: [null, 28, 28, 1],
      matrix: metrics.confusionMatrix,
    });
    expect(seen.loss).toBeCloseTo(metrics.testLoss as number, 5);
    expect(seen.alone).toBeLessThan(1e-6);
  },
  INSTALLING,
);

test(
  'safetensors.numpy.load_file reads a checkpoint: every array with its name, shape and values',
  async (context) => {
    const python = await pythonFor(context, { packages: ['safetensors==0.8.0', 'numpy==2.4.6'] });
    const script = `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], 'np') as file:
    arrays = {name: file.get_tensor(name) for name in file.keys()}
    print(json.dumps({'metadata': file.metadata(),
                      'arrays': {name: [list(a.shape), str(a.dtype), float(a.astype('float64').sum())] for name, a in arrays.items()}}))
`;
    const checkpoint = (await readNewestCheckpoint(runDir))!;
    const path = join(
      runDir,
      'checkpoints',
      `step-${String(checkpoint.progress.step).padStart(9, '0')}.safetensors`,
    );
    const { metadata, arrays } = (await askPython(python, script, [path])) as {
      metadata: Record<string, string>;
      arrays: Record<string, [number[], string, number]>;
    };
    expect(JSON.parse(metadata.progress!)).toEqual(checkpoint.progress);
    const { weights, slots } = checkpoint.state;
    const expected = [
      ...weights.map((array) => ({ ...array, name: `weights/${array.name}` })),
      ...slots.map((array) => ({ ...array, name: `slots/${array.name}` })),
      ...(checkpoint.best ?? []).map((array) => ({ ...array, name: `best/${array.name}` })),
    ];
    expect(Object.keys(arrays).sort()).toEqual(expected.map(({ name }) => name).sort());
    for (const { name, shape, data } of expected) {
      const [seenShape, dtype, sum] = arrays[name]!;
      expect([name, seenShape, dtype]).toEqual([name, shape, 'float32']);
      expect(sum).toBeCloseTo(
        data.reduce((total, value) => total + value, 0),
        6,
      );
    }
  },
  INSTALLING,
);
