/** Losses per example, from logits wherever the model's output allows it. */
import { backendOf, UntraceableError, type LayersModel, type Loss, type Tensor, type TensorFlow } from './types.js';

type Layer = LayersModel['layers'][number];
interface Activated {
  activation?: { getClassName(): string; apply(x: Tensor): Tensor };
}

const ACTIVATION_OF: Readonly<Record<Loss, string | null>> = {
  sparseCategoricalCrossentropy: 'softmax',
  categoricalCrossentropy: 'softmax',
  binaryCrossentropy: 'sigmoid',
  meanSquaredError: null,
};
/** As tfjs and Keras clip probabilities before their logarithm. */
const EPSILON = 1e-7;

/** What the model's last layer gives the loss: logits, probabilities, or plain values. */
export type OutputForm = 'logits' | 'probabilities' | 'values';

const linear = { getClassName: () => 'linear', apply: (x: Tensor) => x };

export function outputLayerOf(model: LayersModel): Layer {
  const { outputLayers } = model as unknown as { outputLayers: readonly Layer[] };
  const [layer, ...more] = outputLayers;
  if (!layer || more.length > 0) throw new UntraceableError('model', 'it has several outputs, one can be trained');
  return layer;
}

/** The form of what `withLossOutput` gives. */
export function outputForm(model: LayersModel, loss: Loss, fromLogits: boolean): OutputForm {
  const expected = ACTIVATION_OF[loss];
  if (expected === null) return 'values';
  if (fromLogits) return 'logits';
  return (outputLayerOf(model) as Activated).activation?.getClassName() === expected ? 'logits' : 'probabilities';
}

/**
 * Runs `body` with the output layer's softmax or sigmoid left out when it belongs to the loss: the logarithm of a
 * softmax loses its precision, and TensorFlow has both in one operation.
 */
export function withLossOutput<R>(model: LayersModel, loss: Loss, fromLogits: boolean, body: () => R): R {
  const layer = outputLayerOf(model) as Activated;
  const expected = ACTIVATION_OF[loss];
  if (fromLogits || expected === null || layer.activation?.getClassName() !== expected) return body();
  const { activation } = layer;
  layer.activation = linear;
  try {
    return body();
  } finally {
    layer.activation = activation;
  }
}

/** Undoes `withLossOutput` for predictions. */
export function predictionsFrom(tf: TensorFlow, model: LayersModel, loss: Loss, fromLogits: boolean, output: Tensor): Tensor {
  if (fromLogits || outputForm(model, loss, fromLogits) !== 'logits') return output;
  return loss === 'binaryCrossentropy' ? tf.sigmoid(output) : tf.softmax(output);
}

/** One loss an example, `[batch]`. `native`: with TensorFlow's fused operation, whose gradient comes with it. */
export function lossPerExample(tf: TensorFlow, loss: Loss, form: OutputForm, output: Tensor, y: Tensor, native: boolean): Tensor {
  switch (loss) {
    case 'sparseCategoricalCrossentropy':
      if (form === 'logits' && native && output.rank === 2) return fusedCrossEntropy(tf, 'Sparse', output, y);
      return crossEntropy(tf, form, output, tf.oneHot(y as never, output.shape.at(-1) ?? 0).toFloat());
    case 'categoricalCrossentropy':
      if (form === 'logits' && native && output.rank === 2) return fusedCrossEntropy(tf, '', output, y);
      return crossEntropy(tf, form, output, y);
    case 'binaryCrossentropy':
      return meanOfExample(tf, binaryCrossEntropy(tf, form, output, y));
    case 'meanSquaredError':
      return meanOfExample(tf, tf.squaredDifference(output, y));
  }
}

/** Predictions that hit their label, one number an example; null where the loss has no notion of it. */
export function hitsPerExample(tf: TensorFlow, loss: Loss, form: OutputForm, output: Tensor, y: Tensor): Tensor | null {
  switch (loss) {
    case 'sparseCategoricalCrossentropy':
      return tf.equal(tf.argMax(output, -1), y).toFloat();
    case 'categoricalCrossentropy':
      return tf.equal(tf.argMax(output, -1), tf.argMax(y, -1)).toFloat();
    case 'binaryCrossentropy':
      return meanOfExample(tf, tf.equal(tf.greater(output, form === 'logits' ? 0 : 0.5), tf.greater(y, 0.5)).toFloat());
    case 'meanSquaredError':
      return null;
  }
}

/** (Sparse)SoftmaxCrossEntropyWithLogits gives the loss and its gradient by the logits at once. */
function fusedCrossEntropy(tf: TensorFlow, kind: 'Sparse' | '', logits: Tensor, labels: Tensor): Tensor {
  const backend = backendOf(tf);
  const { TF_ATTR_TYPE: type } = backend.binding;
  const attrs = [{ name: 'T', type, value: 1 }, ...(kind === 'Sparse' ? [{ name: 'Tlabels', type, value: 3 }] : [])];
  const op = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    const outputs = backend.executeMultipleOutputs(`${kind}SoftmaxCrossEntropyWithLogits`, attrs, [x, labels], 2);
    const [value, gradient] = outputs as [Tensor, Tensor];
    save([gradient]);
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(tf.expandDims(dy, -1), saved[0] as Tensor) };
  });
  return op(logits);
}

function crossEntropy(tf: TensorFlow, form: OutputForm, output: Tensor, labels: Tensor): Tensor {
  const logs =
    form === 'logits' ? tf.logSoftmax(output) : tf.log(tf.clipByValue(tf.div(output, tf.sum(output, -1, true)), EPSILON, 1 - EPSILON));
  return tf.neg(tf.sum(tf.mul(labels, logs), -1));
}

/** From logits: max(x, 0) − x·z + log(1 + e^−|x|), which never overflows. */
function binaryCrossEntropy(tf: TensorFlow, form: OutputForm, output: Tensor, z: Tensor): Tensor {
  if (form === 'logits') {
    const softplus = tf.log1p(tf.exp(tf.neg(tf.abs(output))));
    return tf.add(tf.sub(tf.relu(output), tf.mul(output, z)), softplus);
  }
  const p = tf.clipByValue(output, EPSILON, 1 - EPSILON);
  return tf.neg(tf.add(tf.mul(z, tf.log(p)), tf.mul(tf.sub(1, z), tf.log(tf.sub(1, p)))));
}

/** Mean over all but the batch dimension. */
const meanOfExample = (tf: TensorFlow, values: Tensor): Tensor =>
  values.rank <= 1 ? values : tf.mean(values, Array.from({ length: values.rank - 1 }, (_, i) => i + 1));
