import { expect, test } from 'vitest';
import { backendOf } from '../../../src/engine/trace/backend.js';
import { statelessUniform } from '../../../src/engine/trace/stateless-uniform.js';
import { tensorflow } from '../support/tensorflow.js';

test.each([
  [0, 0],
  [42, 7],
  [-123_456_789, 3],
  [2 ** 31 - 1, 60_000],
  [-(2 ** 31), -1],
])('the numbers of seed (%i, %i) are those of TensorFlow, to the bit', async (first, second) => {
  const tf = await tensorflow();
  const { binding } = backendOf(tf);
  const type = binding.TF_ATTR_TYPE;
  const expected = tf.tidy(() => {
    const attrs = [
      { name: 'dtype', type, value: binding.TF_FLOAT },
      { name: 'T', type, value: binding.TF_INT32 },
      { name: 'Tseed', type, value: binding.TF_INT32 },
    ];
    const inputs = [tf.tensor1d([1003], 'int32'), tf.tensor1d([first, second], 'int32')];
    return backendOf(tf).executeSingleOutput('StatelessRandomUniform', attrs, inputs).dataSync();
  });
  expect(statelessUniform(1003, [first, second])).toEqual(expected);
});
