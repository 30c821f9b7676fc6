/**
 * Gradients in place of tfjs's own, while recording. Both give the same numbers up to rounding.
 *
 * tfjs writes the gradient of an activation as several elementwise operations (relu: greater, cast, multiply, and a
 * select around each), which costs a quarter of a step in memory traffic; TensorFlow has one operation for each. And
 * tfjs takes the gradient of Tile slice by slice, in as many operations as there are repetitions.
 */
import { nth } from './arrays.js';
import { backendOf } from './backend.js';
import type { Tensor, TensorFlow } from './types.js';

type GradientConfig = Parameters<TensorFlow['registerGradient']>[0];

/** kernel (each has the one input `x`) → the gradient operation, whether it takes the kernel's input or its output. */
const ACTIVATIONS: Readonly<
  Record<string, { op: string; saves: 'input' | 'output'; order: 'dy-first' | 'saved-first' }>
> = {
  Relu: { op: 'ReluGrad', saves: 'output', order: 'dy-first' },
  Relu6: { op: 'Relu6Grad', saves: 'output', order: 'dy-first' },
  Elu: { op: 'EluGrad', saves: 'output', order: 'dy-first' },
  Sigmoid: { op: 'SigmoidGrad', saves: 'output', order: 'saved-first' },
  Tanh: { op: 'TanhGrad', saves: 'output', order: 'saved-first' },
  Softplus: { op: 'SoftplusGrad', saves: 'input', order: 'dy-first' },
};

/** Runs `body` with these gradients registered; puts tfjs's own back afterwards. */
export function withNativeGradients<R>(tf: TensorFlow, body: () => R): R {
  const replaced: GradientConfig[] = [];
  try {
    for (const config of [...activationGradients(tf), tileGradient(tf)]) {
      const original = tf.getGradient(config.kernelName);
      tf.unregisterGradient(config.kernelName);
      replaced.push(original);
      tf.registerGradient(config);
    }
    return body();
  } finally {
    for (const original of replaced) {
      tf.unregisterGradient(original.kernelName);
      tf.registerGradient(original);
    }
  }
}

function activationGradients(tf: TensorFlow): GradientConfig[] {
  const backend = backendOf(tf);
  const floatType = [{ name: 'T', type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT }];
  return Object.entries(ACTIVATIONS).map(([kernelName, { op, saves, order }]) => ({
    kernelName,
    ...(saves === 'input' ? { inputsToSave: ['x'] } : { outputsToSave: [true] }),
    gradFunc: (dy, saved) => {
      const kept = nth(saved, 0);
      const inputs = order === 'dy-first' ? [dy as Tensor, kept] : [kept, dy as Tensor];
      return { x: () => backend.executeSingleOutput(op, floatType, inputs) };
    },
  }));
}

/** Each dimension of the tiled tensor falls apart into (repetition, element); the repetitions are summed. */
function tileGradient(tf: TensorFlow): GradientConfig {
  return {
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => {
      const { shape } = nth(saved, 0);
      const { reps } = attrs as unknown as { reps: readonly number[] };
      const apart = shape.flatMap((size, i) => [nth(reps, i), size]);
      const repetitions = shape.map((_, i) => 2 * i);
      return { x: () => tf.sum(tf.reshape(dy as Tensor, apart), repetitions) };
    },
  };
}
