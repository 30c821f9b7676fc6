/**
 * Dropout as a function of (seed, layer, call, step). tfjs draws its masks in JavaScript, which a graph would freeze
 * into one mask for ever; StatelessRandomUniform (Philox, Salmon et al. 2011) draws them inside the graph.
 */
import { nth, sizeOf } from './arrays.js';
import { backendOf, NODE_BACKEND } from './backend.js';
import { allLayers, type Layer } from './layers.js';
import { statelessUniform } from './stateless-uniform.js';
import type { LayersModel, Tensor, TensorFlow } from './types.js';

type Call = (inputs: Tensor | Tensor[], kwargs: { training?: boolean }) => Tensor | Tensor[];
interface DropoutLayer {
  readonly rate: number;
  /** tfjs leaves this undefined where the mask has the input's shape. */
  getNoiseShape(input: Tensor): readonly number[] | null | undefined;
  call: Call;
}
/** LSTM, GRU, simpleRNN and convLSTM cells; tfjs has the function injectable. */
interface RecurrentCell {
  readonly dropout?: number;
  readonly recurrentDropout?: number;
  dropoutFunc?: ((ones: Tensor, rate: number) => Tensor) | undefined;
  /** Drawn in the first time step, kept beyond any tf.tidy, and dropped only when the layer is next called. */
  dropoutMask?: Tensor | Tensor[] | null;
  recurrentDropoutMask?: Tensor | Tensor[] | null;
}
type DrawMask = (input: Tensor, shape: readonly number[], rate: number) => Tensor;

const DROPOUT_LAYERS = new Set(['Dropout', 'SpatialDropout1D']);
/** 2³² divided by the golden ratio: multiples of it spread evenly, so neighbouring layers get distant keys. */
const SPREAD = 0x9e3779b1;
/** A layer is called less often than this in one model; its calls are told apart below it. */
const CALLS_PER_LAYER = 4096;

/**
 * Runs `body`, which is one forward pass, with every dropout drawing from `seed`, an int32 tensor `[2]`: (seed, step).
 * Layers differ by their position in the model, calls of a shared layer by their order.
 */
export function withStatelessDropout<R>(tf: TensorFlow, model: LayersModel, seed: Tensor, body: () => R): R {
  const restores: (() => void)[] = [];
  allLayers(model).forEach((layer, position) => {
    let call = 0;
    const draw: DrawMask = (input, shape, rate) => {
      const key = Math.imul(SPREAD, position * CALLS_PER_LAYER + call + 1);
      call += 1;
      return applyMask(tf, input, shape, rate, seed, key);
    };
    if (DROPOUT_LAYERS.has(layer.getClassName()))
      restores.push(patchLayer(layer as unknown as DropoutLayer, draw));
    else if (hasRecurrentDropout(layer))
      restores.push(patchCell(tf, layer as unknown as RecurrentCell, draw));
  });
  try {
    return body();
  } finally {
    for (const restore of restores) restore();
  }
}

function patchLayer(layer: DropoutLayer, draw: DrawMask): () => void {
  layer.call = (inputs, { training }) => {
    const input = Array.isArray(inputs) ? nth(inputs, 0) : inputs;
    if (training !== true || layer.rate <= 0) return input;
    return draw(input, layer.getNoiseShape(input) ?? input.shape, layer.rate);
  };
  return () => Reflect.deleteProperty(layer, 'call');
}

const hasRecurrentDropout = (layer: Layer): boolean => {
  const { dropout, recurrentDropout } = layer as unknown as RecurrentCell;
  return 'dropoutFunc' in layer && ((dropout ?? 0) > 0 || (recurrentDropout ?? 0) > 0);
};

function patchCell(tf: TensorFlow, cell: RecurrentCell, draw: DrawMask): () => void {
  const { dropoutFunc } = cell;
  cell.dropoutFunc = (ones, rate) => draw(ones, ones.shape, rate);
  return () => {
    cell.dropoutFunc = dropoutFunc;
    tf.dispose([cell.dropoutMask ?? [], cell.recurrentDropoutMask ?? []]);
    cell.dropoutMask = null;
    cell.recurrentDropoutMask = null;
  };
}

/** Zeroes a share `rate` of the input and scales the rest by 1/(1 − rate). */
function applyMask(
  tf: TensorFlow,
  input: Tensor,
  shape: readonly number[],
  rate: number,
  seed: Tensor,
  key: number,
): Tensor {
  return tf.tidy(() => {
    const uniform =
      tf.getBackend() === NODE_BACKEND
        ? uniformByTensorFlow(tf, shape, seed, key)
        : uniformByJavaScript(tf, shape, seed, key);
    const kept = tf.cast(tf.greaterEqual(uniform, rate), 'float32');
    return tf.mul(input, tf.mul(kept, 1 / (1 - rate)));
  });
}

function uniformByTensorFlow(tf: TensorFlow, shape: readonly number[], seed: Tensor, key: number): Tensor {
  const backend = backendOf(tf);
  const { TF_ATTR_TYPE: type } = backend.binding;
  const int32 = [{ name: 'T', type, value: backend.binding.TF_INT32 }];
  const layerSeed = backend.executeSingleOutput('BitwiseXor', int32, [seed, tf.tensor1d([key, 0], 'int32')]);
  return backend.executeSingleOutput(
    'StatelessRandomUniform',
    [
      { name: 'dtype', type, value: backend.binding.TF_FLOAT },
      { name: 'T', type, value: backend.binding.TF_INT32 },
      { name: 'Tseed', type, value: backend.binding.TF_INT32 },
    ],
    [tf.tensor1d([...shape], 'int32'), layerSeed],
  );
}

/** The same numbers, for backends without that operation. They have the seed at hand: JavaScript has made it. */
function uniformByJavaScript(tf: TensorFlow, shape: readonly number[], seed: Tensor, key: number): Tensor {
  const [first = 0, second = 0] = seed.dataSync();
  return tf.tensor(statelessUniform(sizeOf(shape), [first ^ key, second]), [...shape]);
}
