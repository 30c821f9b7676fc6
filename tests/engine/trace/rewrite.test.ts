import { beforeAll, describe, expect, test } from 'vitest';
import { withNativeGradients } from '../../../src/engine/trace/gradients.js';
import { record, type Recording } from '../../../src/engine/trace/recorder.js';
import { poolBeforeRelu } from '../../../src/engine/trace/rewrite.js';
import type { Rank } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../../../src/engine/trace/index.js';
import { tensorflow } from '../support/tensorflow.js';

let tf: TensorFlow;
beforeAll(async () => {
  tf = await tensorflow();
});

type Tensor = ReturnType<TensorFlow['tensor']>;
type Image = ReturnType<TensorFlow['tensor4d']>;

/** A forward pass (and, if asked, its gradient by x) as recorded and as rewritten. */
function recorded(forward: (x: Image) => Tensor, gradient: boolean): [Recording, Recording] {
  let recording: Recording | undefined;
  tf.tidy(() => {
    const x = tf.randomUniform<Rank.R4>([2, 4, 4, 3], -1, 1, 'float32', 1);
    recording = record(tf, { x }, () => {
      if (!gradient) return { y: forward(x) };
      return withNativeGradients(tf, () => ({ dx: tf.grad(forward as (x: Tensor) => Tensor)(x) }));
    });
  });
  return [recording!, poolBeforeRelu(recording!)];
}

const namesOf = ({ ops }: Recording): string[] =>
  ops.map(({ op }) => op).filter((op) => /Pool|Relu/.test(op));
const relu = (x: Image): Image => tf.relu(x);

describe('a max-pool of a relu', () => {
  test('comes before it', () => {
    const [before, after] = recorded((x) => tf.maxPool(relu(x), 2, 2, 'valid'), false);
    expect(namesOf(before)).toEqual(['Relu', 'MaxPool']);
    expect(namesOf(after)).toEqual(['MaxPool', 'Relu']);
    expect(after.ops[0]!.inputs).toEqual([{ from: 'argument', name: 'x' }]);
    expect(after.ops[1]!.inputs).toEqual([{ from: 'operation', index: 0, output: 0 }]);
    expect(after.results).toEqual(before.results);
  });

  test('and so do their gradients', () => {
    const [before, after] = recorded((x) => tf.maxPool(relu(x), 2, 2, 'valid'), true);
    expect(namesOf(before)).toEqual(['Relu', 'MaxPool', 'MaxPoolGrad', 'ReluGrad']);
    expect(namesOf(after)).toEqual(['MaxPool', 'Relu', 'ReluGrad', 'MaxPoolGrad']);
  });

  const OTHERS: Record<string, (x: Image) => Tensor> = {
    'when the relu is used elsewhere as well': (x) => {
      const y = relu(x);
      return tf.add(tf.sum(tf.maxPool(y, 2, 2, 'valid')), tf.sum(y));
    },
    'when two pools share the relu': (x) => {
      const y = relu(x);
      return tf.add(tf.maxPool(y, 2, 2, 'valid'), tf.maxPool(y, [1, 1], 2, 'valid'));
    },
    'when it is another activation': (x) => tf.maxPool(tf.relu6(x), 2, 2, 'valid'),
    'when it is an average': (x) => tf.avgPool(relu(x), 2, 2, 'valid'),
  };
  test.each(Object.keys(OTHERS))('is left alone %s', (name) => {
    for (const gradient of [false, true]) {
      const [before, after] = recorded(OTHERS[name]!, gradient);
      expect(after).toEqual(before);
    }
  });
});
