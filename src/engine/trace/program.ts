/** The computations of one training job, as tfjs runs them: what is traced, and what the eager step calls. */
import { sizeOf } from './arrays.js';
import { withStatelessDropout } from './dropout.js';
import { allLayers, functionalModel, outputLayerOf } from './layers.js';
import { hitsPerExample, lossPerExample, outputForm, predictionsFrom, withLossOutput } from './losses.js';
import type { LayersModel, StepOptions, Tensor, TensorFlow, Variable } from './types.js';

/** One weight of the model. */
export interface Weight {
  /** `<layer>/<weight>`, the same for every model that is built alike: see `stableName`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly variable: Variable;
  readonly trainable: boolean;
  /** Projects the weight back into its permitted range after each update. */
  readonly constraint: ((value: Tensor) => Tensor) | null;
}

export interface ModelInput {
  readonly name: string;
  /** Without the batch dimension. */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** Forward and backward on one batch. */
export interface Gradients {
  readonly loss: Tensor;
  /** A scalar; null where the loss has no notion of a hit. */
  readonly hits: Tensor | null;
  /** One for each trainable weight; null for one that the loss does not depend on. */
  readonly gradients: readonly (Tensor | null)[];
}

/** tfjs's LayerVariable, as far as its typings leave it out. */
interface LayerVariableLike {
  readonly originalName: string;
  readonly constraint: { apply(value: Tensor): Tensor } | null;
  read(): Variable;
}

export class TrainingProgram {
  readonly model: LayersModel;
  readonly weights: readonly Weight[];
  readonly trainable: readonly Weight[];
  readonly inputs: readonly ModelInput[];
  /** Shape of a prediction without the batch dimension. */
  readonly outputShape: readonly number[];

  /** @throws Error if the model has several outputs, or sizes beside the batch that are not fixed */
  constructor(
    readonly tf: TensorFlow,
    given: LayersModel,
    readonly options: StepOptions,
  ) {
    const model = functionalModel(given);
    this.model = model;
    outputLayerOf(model);
    this.weights = weightsOf(model);
    this.trainable = this.weights.filter(({ trainable }) => trainable);
    this.inputs = model.inputs.map(({ name, shape, dtype }) => ({
      name,
      shape: knownSizes(`input "${name}"`, shape),
      dtype: dtype === 'int32' ? 'int32' : 'float32',
    }));
    const { shape } = model.outputs[0] as unknown as { shape: (number | null)[] };
    this.outputShape = knownSizes('the output', shape);
    if (options.input?.dtype === 'uint8' && this.inputs[0]?.dtype !== 'float32') {
      throw new Error('the first input holds whole numbers: it cannot be fed as scaled bytes');
    }
  }

  labelShape(batch: number): number[] {
    const sparse = this.options.loss === 'sparseCategoricalCrossentropy';
    return [batch, ...(sparse ? this.outputShape.slice(0, -1) : this.outputShape)];
  }
  get labelDtype(): 'int32' | 'float32' {
    return this.options.loss === 'sparseCategoricalCrossentropy' ? 'int32' : 'float32';
  }

  /**
   * Forward and backward in training mode. Batch normalization writes its moving statistics into the model's
   * variables on the way. `hits` outlives any tf.tidy: it is the caller's to dispose.
   * @param native with TensorFlow's fused loss operations
   */
  gradients(x: readonly Tensor[], y: Tensor, seed: Tensor, native: boolean): Gradients {
    const { tf, model, options } = this;
    const { loss, fromLogits = false } = options;
    const form = outputForm(model, loss, fromLogits);
    let hits: Tensor | null = null;
    const forward = (): Tensor => {
      const output = this.apply(x, true);
      const perExample = hitsPerExample(tf, loss, form, output, y);
      // Kept: variableGrads disposes all that its function makes and does not return.
      hits = perExample && tf.keep(tf.sum(perExample));
      const data = tf.mean(lossPerExample(tf, loss, form, output, y, native));
      return model.calculateLosses().reduce<Tensor>((total, penalty) => tf.add(total, penalty), data);
    };
    const variables = this.trainable.map(({ variable }) => variable);
    const differentiate = () => tf.variableGrads(forward as never, variables);
    const { value, grads } = cleaningUp(
      tf,
      () => hits,
      () =>
        withLossOutput(model, loss, fromLogits, () => withStatelessDropout(tf, model, seed, differentiate)),
    );
    const byName = grads as Readonly<Record<string, Tensor | undefined>>;
    return { loss: value, hits, gradients: variables.map(({ name }) => byName[name] ?? null) };
  }

  /** Forward as at inference. */
  evaluate(x: readonly Tensor[], y: Tensor, native: boolean): { loss: Tensor; hits: Tensor | null } {
    const { tf, model, options } = this;
    const { loss, fromLogits = false } = options;
    const form = outputForm(model, loss, fromLogits);
    return withLossOutput(model, loss, fromLogits, () => {
      const output = this.apply(x, false);
      const hits = hitsPerExample(tf, loss, form, output, y);
      return { loss: tf.mean(lossPerExample(tf, loss, form, output, y, native)), hits: hits && tf.sum(hits) };
    });
  }

  predict(x: readonly Tensor[]): Tensor {
    const { tf, model, options } = this;
    const { loss, fromLogits = false } = options;
    const output = withLossOutput(model, loss, fromLogits, () => this.apply(x, false));
    return predictionsFrom(tf, model, loss, fromLogits, output);
  }

  private apply(x: readonly Tensor[], training: boolean): Tensor {
    const [first] = x;
    return this.model.apply(x.length === 1 && first ? first : [...x], { training }) as Tensor;
  }
}

/** If `body`, which takes gradients, fails: disposes what tfjs keeps beyond any tf.tidy until it has succeeded. */
function cleaningUp<R>(tf: TensorFlow, kept: () => Tensor | null, body: () => R): R {
  try {
    return body();
  } catch (error) {
    const { state } = tf.engine() as unknown as {
      state: { activeTape: { saved?: (Tensor | null)[] }[] | null; gradientDepth: number };
    };
    if (state.gradientDepth === 0) {
      for (const { saved } of state.activeTape ?? []) saved?.forEach((tensor) => tensor?.dispose());
      state.activeTape = null;
    }
    kept()?.dispose();
    throw error;
  }
}

function weightsOf(model: LayersModel): Weight[] {
  const taken = new Map<string, number>();
  const stable = stableName();
  // Numbered in the order of the layers; the model lists its trainable weights first.
  for (const layer of allLayers(model)) {
    for (const { originalName } of layer.weights) stable(originalName);
  }
  // A layer that is frozen says so itself; its weights may still call themselves trainable.
  const trainable = new Set<unknown>(model.trainableWeights);
  return (model.weights as unknown as LayerVariableLike[]).map((weight) => {
    const variable: Variable = weight.read();
    const given = stable(weight.originalName);
    const seen = taken.get(given) ?? 0;
    taken.set(given, seen + 1);
    const { constraint } = weight;
    return {
      name: seen === 0 ? given : `${given}_${seen}`,
      shape: variable.shape,
      size: sizeOf(variable.shape),
      variable,
      trainable: trainable.has(weight),
      constraint: constraint && ((value) => constraint.apply(value)),
    };
  });
}

/**
 * tfjs numbers the layers that have no name through the whole process (`dense_Dense7/kernel`); here they are numbered
 * anew in each model (`dense_1/kernel`), so that a state fits the next model that is built alike.
 */
function stableName(): (originalName: string) => string {
  const numbers = new Map<string, Map<string, number>>();
  return (originalName) =>
    originalName.replace(
      /([a-z0-9_]+)_([A-Z][A-Za-z0-9]*?)(\d+)(?=\/)/g,
      (whole, base: string, kind: string, id: string) => {
        if (!base.replaceAll('_', '').endsWith(kind.toLowerCase())) return whole;
        const known = numbers.get(kind) ?? new Map<string, number>();
        numbers.set(kind, known);
        const number = known.get(id) ?? known.size + 1;
        known.set(id, number);
        return `${base}_${number}`;
      },
    );
}

function knownSizes(what: string, shape: readonly (number | null)[]): number[] {
  return shape.slice(1).map((size) => {
    if (size === null) throw new Error(`${what} has a dimension beside the batch whose size is not fixed`);
    return size;
  });
}

/** @throws RangeError if there is no data of the variable's size */
export function assignVariable(tf: TensorFlow, variable: Variable, data: Float32Array | undefined): void {
  // A copy: tfjs keeps the array that it is given.
  tf.tidy(() => variable.assign(tf.tensor(Float32Array.from(data ?? []), variable.shape)));
}

/** Puts the weights back after `body`, which may move statistics. */
export function keepingWeights<R>({ tf, weights }: TrainingProgram, body: () => R): R {
  const saved = weights.map(({ variable }) => tf.keep(variable.clone()));
  try {
    return body();
  } finally {
    weights.forEach(({ variable }, i) => {
      const original = saved[i];
      if (original && variable.dataId !== original.dataId) variable.assign(original);
      original?.dispose();
    });
  }
}
