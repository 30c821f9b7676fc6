/**
 * Dropout as a function of (seed, layer, step). tfjs draws its masks in JavaScript, which a graph would freeze into
 * one mask for ever; StatelessRandomUniform (Philox, Salmon et al. 2011) draws them inside the graph.
 */
import { backendOf, UntraceableError, type LayersModel, type Tensor, type TensorFlow } from './types.js';

type Layer = LayersModel['layers'][number];
type Call = (inputs: Tensor | Tensor[], kwargs: { training?: boolean }) => Tensor | Tensor[];
interface DropoutLayer extends Layer {
  readonly rate: number;
  readonly noiseShape: readonly number[] | null;
  getNoiseShape(input: Tensor): readonly number[];
}

const DROPOUT_LAYERS = new Set(['Dropout', 'SpatialDropout1D']);
const RANDOM_LAYERS = new Set(['GaussianNoise', 'GaussianDropout', 'AlphaDropout', 'RandomWidth']);

/** The model's layers with those of nested models and wrappers, in a fixed order. */
export function allLayers(model: { readonly layers: readonly Layer[] }): Layer[] {
  return model.layers.flatMap((layer) => {
    const { layers, layer: wrapped } = layer as unknown as { layers?: readonly Layer[]; layer?: Layer };
    return [layer, ...(layers ? allLayers({ layers }) : []), ...(wrapped ? allLayers({ layers: [wrapped] }) : [])];
  });
}

/** @throws UntraceableError for a layer whose randomness cannot be made stateless. */
export function refuseRandomLayers(model: LayersModel): void {
  for (const layer of allLayers(model)) {
    const name = layer.getClassName();
    if (RANDOM_LAYERS.has(name)) throw new UntraceableError(name, `layer "${layer.name}" draws random numbers in JavaScript`);
    const { dropout, recurrentDropout } = layer as unknown as { dropout?: number; recurrentDropout?: number };
    if ((typeof dropout === 'number' && dropout > 0) || (typeof recurrentDropout === 'number' && recurrentDropout > 0)) {
      throw new UntraceableError(name, `layer "${layer.name}" draws its recurrent dropout in JavaScript`);
    }
  }
}

/**
 * Runs `body` with every dropout layer drawing from `seed`, an int32 tensor `[2]`: (seed, step). Layers differ by
 * their position in the model.
 */
export function withStatelessDropout<R>(tf: TensorFlow, model: LayersModel, seed: Tensor, body: () => R): R {
  const patched: DropoutLayer[] = [];
  allLayers(model).forEach((layer, position) => {
    if (!DROPOUT_LAYERS.has(layer.getClassName())) return;
    const dropout = layer as DropoutLayer;
    const call: Call = (inputs, { training }) => {
      const input = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
      if (training !== true || dropout.rate <= 0) return input;
      return tf.tidy(() => applyMask(tf, input, dropout, tf.add(seed, tf.tensor1d([position, 0], 'int32'))));
    };
    dropout.call = call as DropoutLayer['call'];
    patched.push(dropout);
  });
  try {
    return body();
  } finally {
    for (const layer of patched) Reflect.deleteProperty(layer, 'call');
  }
}

function applyMask(tf: TensorFlow, input: Tensor, layer: DropoutLayer, seed: Tensor): Tensor {
  const backend = backendOf(tf);
  const { TF_ATTR_TYPE: type } = backend.binding;
  const shape = tf.tensor1d([...(layer.noiseShape ?? layer.getNoiseShape(input) ?? input.shape)], 'int32');
  const attrs = [
    { name: 'dtype', type, value: 1 },
    { name: 'T', type, value: 3 },
    { name: 'Tseed', type, value: 3 },
  ];
  const uniform = backend.executeSingleOutput('StatelessRandomUniform', attrs, [shape, seed]);
  const kept = tf.cast(tf.greaterEqual(uniform, layer.rate), 'float32');
  return tf.mul(input, tf.mul(kept, 1 / (1 - layer.rate)));
}
