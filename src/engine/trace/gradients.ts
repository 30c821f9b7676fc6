/**
 * TensorFlow's own gradient kernels in place of tfjs's compositions, while recording. tfjs writes the gradient of an
 * activation as several elementwise operations (relu: greater, cast, multiply, and a select around each), which costs
 * a quarter of a step in memory traffic. Both give the same numbers up to rounding.
 */
import { backendOf, type Tensor, type TensorFlow } from './types.js';

type SavedGradient = 'input' | 'output';

/** kernel (each has the one input `x`) → the gradient operation, and whether it takes the kernel's input or its output. */
const NATIVE_GRADIENTS: Readonly<Record<string, { op: string; saves: SavedGradient; order: 'dy-first' | 'saved-first' }>> = {
  Relu: { op: 'ReluGrad', saves: 'output', order: 'dy-first' },
  Relu6: { op: 'Relu6Grad', saves: 'output', order: 'dy-first' },
  Elu: { op: 'EluGrad', saves: 'output', order: 'dy-first' },
  Sigmoid: { op: 'SigmoidGrad', saves: 'output', order: 'saved-first' },
  Tanh: { op: 'TanhGrad', saves: 'output', order: 'saved-first' },
  Softplus: { op: 'SoftplusGrad', saves: 'input', order: 'dy-first' },
};

/** Runs `body` with the native gradients registered; puts tfjs's own back afterwards. */
export function withNativeGradients<R>(tf: TensorFlow, body: () => R): R {
  const backend = backendOf(tf);
  const replaced: Parameters<TensorFlow['registerGradient']>[0][] = [];
  const floatType = [{ name: 'T', type: backend.binding.TF_ATTR_TYPE, value: 1 }];
  try {
    for (const [kernelName, { op, saves, order }] of Object.entries(NATIVE_GRADIENTS)) {
      const original = tf.getGradient(kernelName);
      if (!original) continue;
      tf.unregisterGradient(kernelName);
      replaced.push(original);
      tf.registerGradient({
        kernelName,
        ...(saves === 'input' ? { inputsToSave: ['x'] } : { outputsToSave: [true] }),
        gradFunc: (dy, saved) => {
          const kept = saved[0] as Tensor;
          const inputs = order === 'dy-first' ? [dy as Tensor, kept] : [kept, dy as Tensor];
          return { x: () => backend.executeSingleOutput(op, floatType, inputs) };
        },
      });
    }
    return body();
  } finally {
    for (const original of replaced) {
      tf.unregisterGradient(original.kernelName);
      tf.registerGradient(original);
    }
  }
}
