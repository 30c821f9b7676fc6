/** Types of the traced step: what goes in, what comes out, and the part of tfjs-node's native binding it uses. */
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

/** Defaults are tfjs's own: see tf.train.sgd, momentum, adam and rmsprop. */
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

export interface StepResult {
  /** Mean over the batch, regularization included while training. */
  readonly loss: number;
  /** Predictions that hit their label; NaN where the loss has no notion of it (mean squared error). */
  readonly correct: number;
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

export interface TrainStep {
  readonly kind: 'traced' | 'eager';
  /** Forward, backward and update on one batch. */
  train(batch: Batch, learningRate: number): StepResult;
  /** Forward only, as at inference. */
  evaluate(batch: Batch): StepResult;
  /** The model's output as at inference, row-major. */
  predict(x: Batch['x'], size: number): Float32Array;
  /** The gradient of every trainable weight on one batch, without an update. */
  gradients(batch: Batch): NamedArray[];
  readState(): StepState;
  /** @throws Error if a name or shape is not this step's. */
  writeState(state: StepState): void;
  /** Copies the trained weights into the tf.LayersModel that the step was made from. */
  updateModel(): void;
  dispose(): void;
}

/** An operation's attribute as tfjs-node hands it to its binding. */
export interface OpAttr {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export interface TensorInfo {
  readonly dataId?: object;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** The part of tfjs-node's Node-API binding in use (tfjs-node/binding/tfjs_binding.cc). */
export interface NativeBinding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  createTensor(shape: readonly number[], dtype: number, values: TensorLike): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    session: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): { readonly id: number; readonly shape: readonly number[]; readonly dtype: number }[];
}

/** tfjs-node's kernel backend: every kernel ends in one of the two `execute…` methods. */
export interface NodeBackend {
  readonly binding: NativeBinding;
  executeSingleOutput(name: string, attrs: readonly OpAttr[], inputs: readonly TensorInfo[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly TensorInfo[],
    count: number,
  ): Tensor[];
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
}

export const backendOf = (tf: TensorFlow): NodeBackend => tf.backend() as unknown as NodeBackend;

/** A model, layer or operation that cannot become part of a graph. */
export class UntraceableError extends Error {
  constructor(
    /** The operation or layer at fault, as TensorFlow or the model names it. */
    readonly op: string,
    why: string,
  ) {
    super(`${op} cannot be traced: ${why}`);
    this.name = 'UntraceableError';
  }
}
