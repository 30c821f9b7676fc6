/**
 * The traced step: forward, gradients and optimizer of a tf.LayersModel as one TensorFlow graph, one native call a
 * step. docs/traced-step.md tells how it works and what it cannot do.
 */
import { BatchPolymorphicEmitter, RECORDED_BATCH_SIZES } from './generalize.js';
import { withNativeGradients } from './gradients.js';
import { GraphBuilder, type NodeRef } from './graph.js';
import { applyUpdate, slotNames, stepHyperparameters } from './optimizers.js';
import { TrainingProgram, type Weight } from './program.js';
import { record, type Recording } from './recorder.js';
import { GraphSession, type Feed } from './session.js';
import {
  backendOf,
  type Batch,
  type LayersModel,
  type NamedArray,
  type StepOptions,
  type StepResult,
  type StepState,
  type Tensor,
  type TensorFlow,
  type TensorLike,
  type TrainStep,
} from './types.js';

/** A float32 variable of the graph: a weight or an optimizer slot. */
interface GraphVariable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly handle: NodeRef;
  readonly read: NodeRef;
}

type Triple<T> = [T, T, T];

/**
 * Records the model's training step and loads it into TensorFlow.
 * @throws UntraceableError if part of the model cannot be in a graph
 */
export function traceTrainStep(tf: TensorFlow, model: LayersModel, options: StepOptions): TrainStep {
  return new TracedStep(new TrainingProgram(tf, model, options));
}

class TracedStep implements TrainStep {
  readonly kind = 'traced';
  private readonly session: GraphSession;
  private readonly weights: readonly GraphVariable[];
  private readonly slots: readonly GraphVariable[];
  private readonly hyperparameterCount: number;
  private step = 0;

  constructor(private readonly program: TrainingProgram) {
    const { tf, options } = program;
    const { binding } = backendOf(tf);
    const graph = new GraphBuilder();
    this.weights = program.weights.map(({ name, shape, size }, i) => declare(graph, `weight_${i}`, name, shape, size));
    this.hyperparameterCount = stepHyperparameters(options.optimizer, 1, 1).length;
    const x = this.inputPlaceholders(graph);
    const labelShape = [-1, ...program.labelShape(1).slice(1)];
    const y = graph.placeholder('y', program.labelDtype, labelShape);
    const seed = graph.placeholder('seed', 'int32', [2]);
    const args: Record<string, NodeRef> = { ...x.args, y, seed };
    this.weights.forEach(({ read }, i) => (args[`weight:${i}`] = read));
    const emitter = new BatchPolymorphicEmitter(graph, binding, graph.batchSize('x0', x.firstDtype));

    const training = emitter.emit(this.recordAll((...inputs) => this.recordTraining(...inputs)), args);
    this.slots = this.buildUpdates(graph, training);
    const inference = emitter.emit(this.recordAll((...inputs) => this.recordInference(...inputs)), args);
    graph.identity(pair(graph, inference), 'evaluate_result');
    graph.identity(inference['predictions'] ?? '', 'predictions');
    this.buildAssignments(graph);

    this.session = GraphSession.load(binding, graph, options.temporaryFolder);
    this.assign([
      ...program.weights.map(({ variable }) => variable.dataSync() as Float32Array),
      ...this.slots.map(({ size }) => new Float32Array(size)),
    ]);
  }

  train(batch: Batch, learningRate: number): StepResult {
    const { optimizer } = this.program.options;
    const hyper = Float32Array.from(stepHyperparameters(optimizer, learningRate, this.step + 1));
    const feeds = { ...this.batchFeeds(batch), ...this.seedFeed(), hyper: { dtype: 'float32', shape: [hyper.length], data: hyper } } as const;
    const result = resultOf(this.session.run(feeds, ['train_result']));
    this.step += 1;
    return result;
  }

  evaluate(batch: Batch): StepResult {
    return resultOf(this.session.run(this.batchFeeds(batch), ['evaluate_result']));
  }

  predict(x: Batch['x'], size: number): Float32Array {
    return this.session.run(this.inputFeeds(x, size), ['predictions'])[0] as Float32Array;
  }

  gradients(batch: Batch): NamedArray[] {
    const { trainable } = this.program;
    const feeds = { ...this.batchFeeds(batch), ...this.seedFeed() };
    const values = this.session.run(feeds, trainable.map((_, i) => `gradient_${i}`));
    return trainable.map(({ name, shape }, i) => ({ name, shape, data: values[i] as Float32Array }));
  }

  readState(): StepState {
    const variables = [...this.weights, ...this.slots];
    const values = this.session.run({}, variables.map(({ read }) => read));
    const arrays = variables.map(({ name, shape }, i) => ({ name, shape, data: values[i] as Float32Array }));
    return { step: this.step, weights: arrays.slice(0, this.weights.length), slots: arrays.slice(this.weights.length) };
  }

  writeState(state: StepState): void {
    const given = [...state.weights, ...state.slots];
    const expected = [...this.weights, ...this.slots];
    const names = (arrays: readonly { name: string; shape: readonly number[] }[]): string =>
      arrays.map(({ name, shape }) => `${name}[${shape.join()}]`).join(' ');
    if (names(given) !== names(expected)) {
      throw new Error(`the state belongs to another model or optimizer: it has ${names(given)}, expected ${names(expected)}`);
    }
    this.assign(given.map(({ data }) => data));
    this.step = state.step;
  }

  updateModel(): void {
    const { tf, weights } = this.program;
    const { weights: values } = this.readState();
    weights.forEach(({ variable }, i) => assignVariable(tf, variable, (values[i] as NamedArray).data));
  }

  dispose(): void {
    this.session.dispose();
  }

  // ---- recording

  private recordAll(recordOne: (x: Tensor[], y: Tensor, seed: Tensor) => Recording): Triple<Recording> {
    const { tf } = this.program;
    return RECORDED_BATCH_SIZES.map((batch) =>
      tf.tidy(() => {
        const x = this.program.inputs.map(({ shape, dtype }) => example(tf, [batch, ...shape], dtype, batch));
        const y = example(tf, this.program.labelShape(batch), this.program.labelDtype, batch);
        const restore = keepValues(tf, this.program.weights);
        try {
          return recordOne(x, y, tf.tensor1d([this.program.options.seed ?? 0, 0], 'int32')) as never;
        } finally {
          restore();
        }
      }),
    ) as unknown as Triple<Recording>;
  }

  private recordTraining(x: Tensor[], y: Tensor, seed: Tensor): Recording {
    const { tf, weights } = this.program;
    return record(tf, { ...namedInputs(x), y, seed, ...namedWeights(weights) }, () => {
      const before = weights.map(({ variable }) => variable.dataId);
      const { loss, hits, gradients } = withNativeGradients(tf, () => this.program.gradients(x, y, seed, true));
      const results: Record<string, Tensor> = { loss, ...(hits && { hits }) };
      gradients.forEach((gradient, i) => gradient && (results[`gradient:${i}`] = gradient));
      weights.forEach(({ variable }, i) => variable.dataId !== before[i] && (results[`statistic:${i}`] = variable));
      return results;
    });
  }

  private recordInference(x: Tensor[], y: Tensor, seed: Tensor): Recording {
    const { tf, weights } = this.program;
    return record(tf, { ...namedInputs(x), y, seed, ...namedWeights(weights) }, () => {
      const { loss, hits } = this.program.evaluate(x, y, true);
      return { loss, ...(hits && { hits }), predictions: this.program.predict(x) };
    });
  }

  // ---- the graph

  private inputPlaceholders(graph: GraphBuilder): { args: Record<string, NodeRef>; firstDtype: 'float32' | 'int32' | 'uint8' } {
    const { inputs, options } = this.program;
    const bytes = options.input?.dtype === 'uint8' ? options.input : null;
    const args: Record<string, NodeRef> = {};
    inputs.forEach(({ shape, dtype }, i) => {
      const asBytes = bytes !== null && i === 0;
      const placeholder = graph.placeholder(`x${i}`, asBytes ? 'uint8' : dtype, [-1, ...shape]);
      args[`x:${i}`] = asBytes ? graph.binary('Mul', graph.cast(placeholder, 'uint8', 'float32'), graph.float(bytes.scale)) : placeholder;
    });
    return { args, firstDtype: bytes ? 'uint8' : (inputs[0]?.dtype ?? 'float32') };
  }

  /** Optimizer updates and moving statistics; `train_result` comes after all of them. */
  private buildUpdates(graph: GraphBuilder, training: Record<string, NodeRef>): GraphVariable[] {
    const { options, trainable, weights } = this.program;
    const hyper = graph.unpack(graph.placeholder('hyper', 'float32', [this.hyperparameterCount]), this.hyperparameterCount, 'float32');
    const slots: GraphVariable[][] = slotNames(options.optimizer).map((slot, s) =>
      trainable.map(({ name, shape, size }, i) => declare(graph, `slot_${s}_${i}`, `${slot}/${name}`, shape, size)),
    );
    const updates: NodeRef[] = [];
    trainable.forEach((weight, i) => {
      const gradient = training[`gradient:${i}`];
      if (gradient === undefined) {
        graph.identity(graph.floats(Array<number>(weight.size).fill(0), weight.shape), `gradient_${i}`);
        return;
      }
      graph.identity(gradient, `gradient_${i}`);
      const { handle, read } = this.weights[weights.indexOf(weight)] as GraphVariable;
      updates.push(applyUpdate(graph, options.optimizer, { variable: handle, slots: slots.map((of) => (of[i] as GraphVariable).handle), gradient, hyper, after: [read] }));
    });
    this.weights.forEach(({ handle, read }, i) => {
      const value = training[`statistic:${i}`];
      if (value !== undefined) updates.push(graph.assign(handle, value, [read]));
    });
    graph.identity(pair(graph, training), 'train_result', updates);
    return slots.flat();
  }

  private buildAssignments(graph: GraphBuilder): void {
    const assigned = [...this.weights, ...this.slots].map(({ handle, shape }, i) =>
      graph.assign(handle, graph.placeholder(`set_${i}`, 'float32', shape)),
    );
    graph.identity(graph.float(1), 'set_result', assigned);
  }

  // ---- feeding

  private assign(values: readonly Float32Array[]): void {
    const variables = [...this.weights, ...this.slots];
    const feeds = variables.map(({ shape }, i): [string, Feed] => [`set_${i}`, { dtype: 'float32', shape, data: values[i] as Float32Array }]);
    this.session.run(Object.fromEntries(feeds), ['set_result']);
  }

  private inputFeeds(x: Batch['x'], size: number): Record<string, Feed> {
    const { inputs, options } = this.program;
    const arrays = ArrayBuffer.isView(x) ? [x as TensorLike] : x;
    return Object.fromEntries(
      inputs.map(({ shape, dtype }, i) => {
        const fed = options.input?.dtype === 'uint8' && i === 0 ? 'uint8' : dtype;
        return [`x${i}`, { dtype: fed, shape: [size, ...shape], data: arrays[i] as TensorLike }];
      }),
    );
  }

  private batchFeeds({ x, y, size }: Batch): Record<string, Feed> {
    const labels: Feed = { dtype: this.program.labelDtype, shape: this.program.labelShape(size), data: y };
    return { ...this.inputFeeds(x, size), y: labels };
  }

  private seedFeed(): Record<string, Feed> {
    return { seed: { dtype: 'int32', shape: [2], data: Int32Array.of(this.program.options.seed ?? 0, this.step) } };
  }
}

function declare(graph: GraphBuilder, node: string, name: string, shape: readonly number[], size: number): GraphVariable {
  const handle = graph.variable(node, shape);
  return { name, shape, size, handle, read: graph.read(handle, `read_${node}`) };
}

/** [loss, hits] as one tensor, so that a step fetches once. */
const pair = (graph: GraphBuilder, results: Record<string, NodeRef>): NodeRef =>
  graph.pack([results['loss'] ?? '', results['hits'] ?? graph.float(Number.NaN)], 'float32');

function resultOf([values]: readonly (Float32Array | Int32Array)[]): StepResult {
  const [loss = Number.NaN, correct = Number.NaN] = values ?? [];
  return { loss, correct };
}

const namedInputs = (x: readonly Tensor[]): Record<string, Tensor> => Object.fromEntries(x.map((t, i) => [`x:${i}`, t]));
const namedWeights = (weights: readonly Weight[]): Record<string, Tensor> =>
  Object.fromEntries(weights.map(({ variable }, i) => [`weight:${i}`, variable]));

/** Values that differ with the batch size, so that a constant made from them betrays itself. */
function example(tf: TensorFlow, shape: number[], dtype: 'float32' | 'int32', batch: number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  if (dtype === 'int32') return tf.zeros(shape, 'int32');
  return tf.tensor(Float32Array.from({ length: size }, (_, i) => ((i * 7 + batch * 13) % 31) / 32), shape);
}

/** Remembers the weights; the returned function puts them back after a recording has moved statistics. */
function keepValues(tf: TensorFlow, weights: readonly Weight[]): () => void {
  const saved = weights.map(({ variable }) => tf.keep(variable.clone()));
  return () => {
    weights.forEach(({ variable }, i) => {
      const original = saved[i] as Tensor;
      if (variable.dataId !== original.dataId) variable.assign(original as never);
      original.dispose();
    });
  };
}

export function assignVariable(tf: TensorFlow, variable: Weight['variable'], data: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(data.slice(), variable.shape) as never));
}
