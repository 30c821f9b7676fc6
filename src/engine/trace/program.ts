/** The computations of one training job, as tfjs runs them: what is traced, and what the eager step calls. */
import { refuseRandomLayers, withStatelessDropout } from './dropout.js';
import { hitsPerExample, lossPerExample, outputForm, outputLayerOf, predictionsFrom, withLossOutput } from './losses.js';
import { UntraceableError, type LayersModel, type StepOptions, type Tensor, type TensorFlow, type Variable } from './types.js';

/** One weight of the model. `name` is stable: it does not count up with every model made in the process. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly variable: Variable;
  readonly trainable: boolean;
}

export interface ModelInput {
  /** Without the batch dimension. */
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

interface LayerVariableLike {
  readonly originalName: string;
  readonly trainable: boolean;
  read(): Tensor;
}

export class TrainingProgram {
  readonly weights: readonly Weight[];
  readonly inputs: readonly ModelInput[];
  /** Shape of a prediction without the batch dimension. */
  readonly outputShape: readonly number[];

  readonly model: LayersModel;

  constructor(
    readonly tf: TensorFlow,
    given: LayersModel,
    readonly options: StepOptions,
  ) {
    const model = functionalModel(given);
    this.model = model;
    refuseRandomLayers(model);
    outputLayerOf(model);
    this.weights = weightsOf(model);
    this.inputs = model.inputs.map((input) => ({
      shape: knownSizes(input.name, input.shape),
      dtype: input.dtype === 'int32' ? 'int32' : 'float32',
    }));
    this.outputShape = knownSizes('output', (model.outputs[0] as unknown as { shape: (number | null)[] }).shape);
  }

  get trainable(): readonly Weight[] {
    return this.weights.filter((weight) => weight.trainable);
  }

  labelShape(batch: number): number[] {
    return this.options.loss === 'sparseCategoricalCrossentropy' ? [batch, ...this.outputShape.slice(0, -1)] : [batch, ...this.outputShape];
  }
  get labelDtype(): 'int32' | 'float32' {
    return this.options.loss === 'sparseCategoricalCrossentropy' ? 'int32' : 'float32';
  }

  /**
   * Forward and backward in training mode. Batch normalization writes its moving statistics into the model's
   * variables on the way. `hits` is null where the loss has none.
   */
  gradients(x: Tensor[], y: Tensor, seed: Tensor, native: boolean): { loss: Tensor; hits: Tensor | null; gradients: (Tensor | null)[] } {
    const { tf, model, options } = this;
    const { loss, fromLogits = false } = options;
    const form = outputForm(model, loss, fromLogits);
    let hits: Tensor | null = null;
    const forward = (): Tensor => {
      const output = this.apply(x, true);
      const perExample = hitsPerExample(tf, loss, form, output, y);
      hits = perExample && tf.sum(perExample);
      const data = tf.mean(lossPerExample(tf, loss, form, output, y, native));
      return model.calculateLosses().reduce<Tensor>((total, penalty) => tf.add(total, penalty), data);
    };
    const variables = this.trainable.map(({ variable }) => variable);
    const { value, grads } = withLossOutput(model, loss, fromLogits, () =>
      withStatelessDropout(tf, model, seed, () => tf.variableGrads(forward as never, variables)),
    );
    const byWeight = variables.map((variable) => (grads[variable.name] as Tensor | undefined) ?? null);
    return { loss: value, hits, gradients: byWeight };
  }

  /** Forward as at inference. */
  evaluate(x: Tensor[], y: Tensor, native: boolean): { loss: Tensor; hits: Tensor | null } {
    const { tf, model, options } = this;
    const { loss, fromLogits = false } = options;
    const form = outputForm(model, loss, fromLogits);
    return withLossOutput(model, loss, fromLogits, () => {
      const output = this.apply(x, false);
      const hits = hitsPerExample(tf, loss, form, output, y);
      return { loss: tf.mean(lossPerExample(tf, loss, form, output, y, native)), hits: hits && tf.sum(hits) };
    });
  }

  predict(x: Tensor[]): Tensor {
    const { tf, model, options } = this;
    const { loss, fromLogits = false } = options;
    const output = withLossOutput(model, loss, fromLogits, () => this.apply(x, false));
    return predictionsFrom(tf, model, loss, fromLogits, output);
  }

  private apply(x: Tensor[], training: boolean): Tensor {
    return this.model.apply(x.length === 1 ? (x[0] as Tensor) : x, { training }) as Tensor;
  }
}

/** A tf.Sequential keeps its layers in a functional model inside, which alone knows its output layer. */
function functionalModel(model: LayersModel): LayersModel {
  const sequential = model as unknown as { model?: LayersModel | null; build?(): void };
  if (model.getClassName() !== 'Sequential') return model;
  if (!sequential.model) sequential.build?.();
  return sequential.model ?? model;
}

function weightsOf(model: LayersModel): Weight[] {
  const taken = new Map<string, number>();
  return (model.weights as unknown as LayerVariableLike[]).map((weight) => {
    const variable = weight.read() as Variable;
    const seen = taken.get(weight.originalName) ?? 0;
    taken.set(weight.originalName, seen + 1);
    const name = seen === 0 ? weight.originalName : `${weight.originalName}_${seen}`;
    return { name, shape: variable.shape, size: variable.size, variable, trainable: weight.trainable };
  });
}

function knownSizes(name: string, shape: readonly (number | null)[]): number[] {
  return shape.slice(1).map((size) => {
    if (size === null) throw new UntraceableError(name, 'a dimension beside the batch has no fixed size');
    return size;
  });
}
