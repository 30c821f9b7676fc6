/** What goes into a training step and what comes out of it. */
import type * as tfNamespace from '@tensorflow/tfjs-node';

export type TensorFlow = typeof tfNamespace;
export type LayersModel = tfNamespace.LayersModel;
export type Tensor = tfNamespace.Tensor;
export type Variable = tfNamespace.Variable;
export type TensorLike = Float32Array | Int32Array | Uint8Array;

export type Loss =
  /** Labels are class indices, int32 `[batch]`. */
  | 'sparseCategoricalCrossentropy'
  /** Labels are distributions over the classes, float32 `[batch, classes]`. */
  | 'categoricalCrossentropy'
  /** Labels are 0 or 1, float32 in the shape of the output. */
  | 'binaryCrossentropy'
  /** Labels are targets, float32 in the shape of the output. */
  | 'meanSquaredError';

/** Defaults are tfjs's own: see tf.train.sgd, momentum, adam and rmsprop. Epsilon is 1e-7. */
export type Optimizer =
  | { readonly name: 'sgd' }
  | { readonly name: 'momentum'; readonly momentum: number; readonly useNesterov?: boolean }
  | {
      readonly name: 'adam';
      readonly beta1?: number;
      readonly beta2?: number;
      readonly epsilon?: number;
      /**
       * Where epsilon is added: `corrected` to the bias-corrected second moment, as tfjs does (Kingma & Ba 2015,
       * algorithm 1); `hat` to the raw one, as Keras and TensorFlow do (ibid., end of section 2).
       */
      readonly epsilonForm?: 'corrected' | 'hat';
    }
  | {
      readonly name: 'rmsprop';
      readonly decay?: number;
      readonly momentum?: number;
      readonly epsilon?: number;
      readonly centered?: boolean;
    };

export interface StepOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /**
   * The output layer gives logits rather than probabilities. When it ends in the softmax (sigmoid) that belongs to
   * the loss, that activation is left out of the loss's graph, so that both cases are computed from logits.
   */
  readonly fromLogits?: boolean;
  /** Seeds every dropout layer; the mask of a layer depends on this, the layer and the step counter alone. */
  readonly seed?: number;
  /**
   * How the first input arrives: as float32, or as bytes that the graph multiplies by `scale`, so that images
   * need not be kept or sent as floats.
   */
  readonly input?: { readonly dtype: 'float32' } | { readonly dtype: 'uint8'; readonly scale: number };
  /** Where the graph is written before TensorFlow reads it; removed afterwards. Default: the system's own. */
  readonly temporaryFolder?: string;
}

/** A batch of any size. `x` has one array for each input of the model, row-major, the batch dimension first. */
export interface Batch {
  readonly size: number;
  readonly x: TensorLike | readonly TensorLike[];
  readonly y: Float32Array | Int32Array;
}

/** Batches of one size, one after the other in the same arrays: `steps · size` examples. */
export interface BatchGroup extends Batch {
  readonly steps: number;
}

export interface StepResult {
  /** Mean over the batch; while training, with the penalties of the model's regularizers. */
  readonly loss: number;
  /**
   * How many predictions hit their label: of the largest probability with cross-entropy over classes, on the side of
   * 0.5 with binary cross-entropy (an example with several outputs counts the share of them that hit). NaN with mean
   * squared error, which has no notion of it.
   */
  readonly correct: number;
}

/** Several training steps by one native call. They do the same as `train` on each batch in turn, to the bit. */
export interface StepGroup {
  /** How many they are, each time. */
  readonly steps: number;
  /**
   * @param learningRates one for each step
   * @throws RangeError as `train`, and if the steps are not as many
   */
  train(batches: BatchGroup, learningRates: readonly number[]): StepResult[];
}

export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** All that a step carries from one call to the next: restoring it continues to the bit. */
export interface StepState {
  /** Optimizer steps done. */
  readonly step: number;
  /** Every weight of the model, trainable or not, in the model's own order. */
  readonly weights: readonly NamedArray[];
  /** Optimizer slots, `<slot>/<weight>`. */
  readonly slots: readonly NamedArray[];
}

/**
 * All calls are synchronous and, while they last, block the event loop; `AwaitableStep` is the one that need not be.
 * @throws RangeError from all that take a batch, if an array's length or type or a label is not the model's
 */
export interface TrainStep {
  readonly kind: 'traced' | 'eager';
  /** Forward, backward and update on one batch. */
  train(batch: Batch, learningRate: number): StepResult;
  /** Only of a traced step that was made for several steps a call. */
  readonly group?: StepGroup;
  /** Forward only, as at inference. */
  evaluate(batch: Batch): StepResult;
  /** The model's output as at inference, row-major: probabilities, unless the model gives logits. */
  predict(x: Batch['x'], size: number): Float32Array;
  /** The gradient of every trainable weight on one batch, as `train` would use it next, without an update. */
  gradients(batch: Batch): NamedArray[];
  readState(): StepState;
  /** @throws RangeError if a name, shape or length is not this step's; nothing is written then */
  writeState(state: StepState): void;
  /** Copies the trained weights into the tf.LayersModel that the step was made from (eager: they are there). */
  updateModel(): void;
  /** Frees TensorFlow's memory. The model stays usable. Further calls do nothing. */
  dispose(): void;
}

/**
 * A step whose calls may give promises instead: of a backend that hands values out only later, as WebGPU does. Each call
 * has to end before the next begins. Every TrainStep is one.
 */
export type AwaitableStep = {
  [K in keyof TrainStep]: K extends 'dispose' ? TrainStep[K] : Awaitable<TrainStep[K]>;
};
type Awaitable<T> = T extends (...args: infer A) => infer R ? (...args: A) => R | Promise<R> : T;

/** A model, layer or operation that cannot become part of a graph. */
export class UntraceableError extends Error {
  constructor(
    /** The operation or layer at fault, as TensorFlow or the model names it. */
    readonly op: string,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`${op} cannot be traced: ${why}`, options);
    this.name = 'UntraceableError';
  }
}
