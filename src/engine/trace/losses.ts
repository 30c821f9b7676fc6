/** Losses per example, from logits wherever the model's output allows it. */
import { nth } from './arrays.js';
import { backendOf } from './backend.js';
import { outputLayerOf } from './layers.js';
import type { LayersModel, Loss, Tensor, TensorFlow } from './types.js';

interface Activated {
  activation?: { getClassName(): string; apply(x: Tensor): Tensor };
}

const ACTIVATION_OF: Readonly<Record<Loss, string | null>> = {
  sparseCategoricalCrossentropy: 'softmax',
  categoricalCrossentropy: 'softmax',
  binaryCrossentropy: 'sigmoid',
  meanSquaredError: null,
};
/** Layers whose `activation` is the last thing that they do. */
const ENDS_IN_ACTIVATION = new Set([
  'Activation',
  'Conv1D',
  'Conv2D',
  'Conv2DTranspose',
  'Dense',
  'DepthwiseConv2D',
  'SeparableConv2D',
]);
/** As tfjs and Keras clip probabilities before their logarithm. */
const EPSILON = 1e-7;

/** What the model's last layer gives the loss: logits, probabilities, or plain values. */
export type OutputForm = 'logits' | 'probabilities' | 'values';

const linear = { getClassName: () => 'linear', apply: (x: Tensor) => x };

/** The output layer, if its activation is the loss's and can be left out: the layer is used once and ends in it. */
function detachableOutput(model: LayersModel, loss: Loss): Required<Activated> | null {
  const layer = outputLayerOf(model);
  const { activation } = layer as Activated;
  const detachable = ENDS_IN_ACTIVATION.has(layer.getClassName()) && layer.inboundNodes.length === 1;
  if (!detachable || activation?.getClassName() !== ACTIVATION_OF[loss]) return null;
  return layer as unknown as Required<Activated>;
}

/** The form of what `withLossOutput` gives. */
export function outputForm(model: LayersModel, loss: Loss, fromLogits: boolean): OutputForm {
  if (ACTIVATION_OF[loss] === null) return 'values';
  return fromLogits || detachableOutput(model, loss) !== null ? 'logits' : 'probabilities';
}

/**
 * Runs `body` with the output layer's softmax or sigmoid left out when it belongs to the loss: the logarithm of a
 * softmax loses its precision, and TensorFlow has both in one operation.
 */
export function withLossOutput<R>(model: LayersModel, loss: Loss, fromLogits: boolean, body: () => R): R {
  const layer = fromLogits ? null : detachableOutput(model, loss);
  if (layer === null) return body();
  const { activation } = layer;
  layer.activation = linear;
  try {
    return body();
  } finally {
    layer.activation = activation;
  }
}

/** Undoes `withLossOutput` for predictions. */
export function predictionsFrom(
  tf: TensorFlow,
  model: LayersModel,
  loss: Loss,
  fromLogits: boolean,
  output: Tensor,
): Tensor {
  if (fromLogits || outputForm(model, loss, fromLogits) !== 'logits') return output;
  return loss === 'binaryCrossentropy' ? tf.sigmoid(output) : tf.softmax(output);
}

/** One loss an example, `[batch]`. `native`: with the gradient that comes with the loss, not with that of each of its parts. */
export function lossPerExample(
  tf: TensorFlow,
  loss: Loss,
  form: OutputForm,
  output: Tensor,
  y: Tensor,
  native: boolean,
): Tensor {
  switch (loss) {
    case 'sparseCategoricalCrossentropy':
      if (form === 'logits' && native && output.rank === 2)
        return nativeCrossEntropy(tf, 'Sparse', output, y);
      return crossEntropy(tf, form, output, oneHot(tf, y, output));
    case 'categoricalCrossentropy':
      if (form === 'logits' && native && output.rank === 2) return nativeCrossEntropy(tf, '', output, y);
      return crossEntropy(tf, form, output, y);
    case 'binaryCrossentropy':
      return meanOfExample(tf, binaryCrossEntropy(tf, form, output, y));
    case 'meanSquaredError':
      return meanOfExample(tf, tf.squaredDifference(output, y));
  }
}

/** Predictions that hit their label, one number an example; null where the loss has no notion of it. */
export function hitsPerExample(
  tf: TensorFlow,
  loss: Loss,
  form: OutputForm,
  output: Tensor,
  y: Tensor,
): Tensor | null {
  switch (loss) {
    case 'sparseCategoricalCrossentropy':
      return sameClass(tf, tf.argMax(output, -1), y);
    case 'categoricalCrossentropy':
      return sameClass(tf, tf.argMax(output, -1), tf.argMax(y, -1));
    case 'binaryCrossentropy':
      return meanOfExample(
        tf,
        tf.equal(tf.greater(output, form === 'logits' ? 0 : 0.5), tf.greater(y, 0.5)).toFloat(),
      );
    case 'meanSquaredError':
      return null;
  }
}

/**
 * 1 where two int32 are the same, else 0. On a card they are compared as float32, in which classes are exact up to 2²⁴: of
 * int32, TensorFlow has Equal only in the processor's memory (tensorflow/core/kernels/cwise_op_equal_to_1.cc, “a special
 * GPU kernel for int32”), so that each step would fetch its predictions from the card and send back what they are worth.
 */
function sameClass(tf: TensorFlow, a: Tensor, b: Tensor): Tensor {
  const onCard = backendOf(tf).isUsingGpuDevice;
  return (onCard ? tf.equal(a.toFloat(), b.toFloat()) : tf.equal(a, b)).toFloat();
}

const oneHot = (tf: TensorFlow, labels: Tensor, output: Tensor): Tensor =>
  tf.cast(tf.oneHot(labels as never, output.shape.at(-1) ?? 0), 'float32');

/** Which of TensorFlow's two operations: labels are classes, or shares of each class. */
type Kind = 'Sparse' | '';

/** Cross-entropy and its gradient by the logits at once. */
function nativeCrossEntropy(tf: TensorFlow, kind: Kind, logits: Tensor, labels: Tensor): Tensor {
  const parts = backendOf(tf).isUsingGpuDevice ? composedCrossEntropy : fusedCrossEntropy;
  const op = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    const [value, gradient] = parts(tf, kind, x, labels);
    save([gradient]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(tf.expandDims(dy, -1), nth(saved, 0)),
    };
  });
  return op(logits);
}

type LossAndGradient = readonly [value: Tensor, gradient: Tensor];

function fusedCrossEntropy(tf: TensorFlow, kind: Kind, logits: Tensor, labels: Tensor): LossAndGradient {
  const backend = backendOf(tf);
  const { binding } = backend;
  const type = binding.TF_ATTR_TYPE;
  const attrs = [
    { name: 'T', type, value: binding.TF_FLOAT },
    ...(kind === 'Sparse' ? [{ name: 'Tlabels', type, value: binding.TF_INT32 }] : []),
  ];
  const name = `${kind}SoftmaxCrossEntropyWithLogits`;
  return backend.executeMultipleOutputs(name, attrs, [logits, labels], 2) as [Tensor, Tensor];
}

/**
 * On a card the fused operation adds up in no fixed order, and TensorFlow refuses it under TF_DETERMINISTIC_OPS
 * (tensorflow/core/kernels/xent_op.cc, sparse_xent_op.cc). Put together of others there, as tf.nn does it
 * (tensorflow/python/ops/nn_ops.py).
 */
function composedCrossEntropy(tf: TensorFlow, kind: Kind, logits: Tensor, labels: Tensor): LossAndGradient {
  // As float32 from the first: of int32, the constants for 1 and 0 are in the processor's memory, and sent to the card each step.
  const shares = kind === 'Sparse' ? tf.oneHot(labels, logits.shape.at(-1) ?? 0, 1, 0, 'float32') : labels;
  const logs = tf.logSoftmax(logits);
  return [tf.neg(tf.sum(tf.mul(shares, logs), -1)), tf.sub(tf.exp(logs), shares)];
}

function crossEntropy(tf: TensorFlow, form: OutputForm, output: Tensor, labels: Tensor): Tensor {
  const logs =
    form === 'logits'
      ? tf.logSoftmax(output)
      : tf.log(tf.clipByValue(tf.div(output, tf.sum(output, -1, true)), EPSILON, 1 - EPSILON));
  return tf.neg(tf.sum(tf.mul(labels, logs), -1));
}

/** From logits: z·softplus(−x) + (1 − z)·softplus(x), which neither overflows nor cancels. */
function binaryCrossEntropy(tf: TensorFlow, form: OutputForm, output: Tensor, z: Tensor): Tensor {
  const rest = tf.sub(1, z);
  if (form === 'logits') {
    return tf.add(tf.mul(z, tf.softplus(tf.neg(output))), tf.mul(rest, tf.softplus(output)));
  }
  const p = tf.clipByValue(output, EPSILON, 1 - EPSILON);
  return tf.neg(tf.add(tf.mul(z, tf.log(p)), tf.mul(rest, tf.log(tf.sub(1, p)))));
}

/** Mean over all but the batch dimension. */
const meanOfExample = (tf: TensorFlow, values: Tensor): Tensor =>
  values.rank <= 1
    ? values
    : tf.mean(
        values,
        Array.from({ length: values.rank - 1 }, (_, i) => i + 1),
      );
