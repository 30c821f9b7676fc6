import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { savedModelOf } from '../../../src/engine/trace/index.js';
import { pythonFor } from '../../support/python-env.js';
import { tensorflow } from '../support/tensorflow.js';
import { relativeDistance } from './support.js';

const SCRIPT = fileURLToPath(new URL('serve_saved_model.py', import.meta.url));

test('Python serves a model as tfjs predicts, for any batch size, by the names of its inputs', async (ctx) => {
  const python = await pythonFor(ctx);
  const tf = await tensorflow();
  const numbers = tf.input({ shape: [6], name: 'numbers' });
  const words = tf.input({ shape: [2], dtype: 'int32', name: 'words' });
  type Symbolic = typeof numbers;
  const embedded = tf.layers.embedding({ inputDim: 7, outputDim: 3 }).apply(words) as Symbolic;
  const hidden = tf.layers.dense({ units: 5, activation: 'relu' }).apply(numbers) as Symbolic;
  const normalized = tf.layers.batchNormalization({}).apply(hidden) as Symbolic;
  const joined = tf.layers.concatenate().apply([normalized, tf.layers.flatten().apply(embedded) as Symbolic]);
  const outputs = tf.layers
    .dense({ units: 3, activation: 'softmax', name: 'classes' })
    .apply(joined) as Symbolic;
  const model = tf.model({ inputs: [numbers, words], outputs });

  const folder = await mkdtemp(join(tmpdir(), 'saved-model-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'saved_model.pb'), savedModelOf(tf, model));

  for (const size of [1, 6]) {
    const x = Array.from({ length: size * 6 }, (_, i) => Math.sin(i));
    const w = Array.from({ length: size * 2 }, (_, i) => i % 7);
    const inputs = {
      numbers: { dtype: 'float32', shape: [size, 6], values: x },
      words: { dtype: 'int32', shape: [size, 2], values: w },
    };
    await writeFile(join(folder, 'inputs.json'), JSON.stringify(inputs));
    const { stdout } = await promisify(execFile)(python, [SCRIPT, folder, join(folder, 'inputs.json')], {
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    });
    const served = JSON.parse(stdout) as Record<string, number[]>;
    expect(Object.keys(served)).toEqual(['classes']);
    const predicted = tf.tidy(() => {
      const given = [tf.tensor(x, [size, 6]), tf.tensor(w, [size, 2], 'int32')];
      return (model.predict(given) as ReturnType<typeof tf.tensor>).dataSync();
    });
    expect(served.classes).toHaveLength(size * 3);
    expect(relativeDistance(served.classes!, predicted)).toBeLessThan(1e-6);
  }
}, 900_000);
