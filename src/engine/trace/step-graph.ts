/** Puts the recordings of a training program together into one graph: training, inference, reading and writing. */
import { nth } from './arrays.js';
import type { NativeBinding } from './backend.js';
import { BatchPolymorphicEmitter } from './generalize.js';
import { GraphBuilder, type NodeRef } from './graph.js';
import { applyUpdate, HYPERPARAMETER_COUNT, slotNames } from './optimizers.js';
import type { TrainingProgram, Weight } from './program.js';
import type { Recordings } from './recordings.js';

/** A float32 variable of the graph: a weight or an optimizer slot. */
export interface GraphVariable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly handle: NodeRef;
  readonly read: NodeRef;
}

export interface StepGraph {
  readonly graph: GraphBuilder;
  readonly weights: readonly GraphVariable[];
  readonly slots: readonly GraphVariable[];
}

/** Names of the nodes that are fed and fetched. */
export const FEEDS = {
  input: (i: number) => `x${i}`,
  labels: 'y',
  /** int32 `[2]`: the seed and the step. */
  seed: 'seed',
  /** The entries of `stepHyperparameters`. */
  hyperparameters: 'hyperparameters',
  /** A new value for the variable i, weights first. */
  value: (i: number) => `value_${i}`,
} as const;
export const FETCHES = {
  /** Does the update, then gives `[loss, hits]`. */
  train: 'train_result',
  /** `[loss, hits]` as at inference. */
  evaluate: 'evaluate_result',
  predictions: 'predictions',
  gradient: (i: number) => `gradient_${i}`,
  /** Writes the fed values into the variables. */
  assign: 'assign_result',
} as const;

export function buildStepGraph(
  program: TrainingProgram,
  binding: NativeBinding,
  { training, inference, constraints }: Recordings,
): StepGraph {
  const graph = new GraphBuilder();
  const weights = program.weights.map(({ name, shape, size }, i) =>
    declare(graph, `weight_${i}`, name, shape, size),
  );
  const { args, batchSize } = inputNodes(graph, program);
  weights.forEach(({ read }, i) => (args[`weight:${i}`] = read));
  const emitter = new BatchPolymorphicEmitter(graph, binding, batchSize);

  const constrain = (weight: Weight, { handle }: GraphVariable, updated: NodeRef): NodeRef => {
    const recording = constraints.get(weight);
    if (recording === undefined) return updated;
    const value = graph.read(handle, undefined, [updated]);
    const { constrained = '' } = emitter.emit([recording, recording, recording], { weight: value });
    return graph.assign(handle, constrained);
  };
  const trained = emitter.emit(training, args);
  const slots = buildUpdates(graph, program, weights, trained, constrain);

  const inferred = emitter.emit(inference, args);
  graph.identity(lossAndHits(graph, inferred), FETCHES.evaluate);
  graph.identity(inferred.predictions ?? '', FETCHES.predictions);
  buildAssignments(graph, [...weights, ...slots]);
  return { graph, weights, slots };
}

function declare(
  graph: GraphBuilder,
  node: string,
  name: string,
  shape: readonly number[],
  size: number,
): GraphVariable {
  const handle = graph.variable(node, shape);
  return { name, shape, size, handle, read: graph.read(handle, `read_${node}`) };
}

function inputNodes(
  graph: GraphBuilder,
  program: TrainingProgram,
): { args: Record<string, NodeRef>; batchSize: NodeRef } {
  const { inputs, options, labelDtype } = program;
  const bytes = options.input?.dtype === 'uint8' ? options.input : null;
  const args: Record<string, NodeRef> = {};
  inputs.forEach(({ shape, dtype }, i) => {
    if (bytes !== null && i === 0) {
      const placeholder = graph.placeholder(FEEDS.input(i), 'uint8', [-1, ...shape]);
      args['x:0'] = graph.binary(
        'Mul',
        graph.cast(placeholder, 'uint8', 'float32'),
        graph.float(bytes.scale),
      );
    } else {
      args[`x:${i}`] = graph.placeholder(FEEDS.input(i), dtype, [-1, ...shape]);
    }
  });
  args.y = graph.placeholder(FEEDS.labels, labelDtype, [-1, ...program.labelShape(1).slice(1)]);
  args.seed = graph.placeholder(FEEDS.seed, 'int32', [2]);
  const firstDtype = bytes ? 'uint8' : nth(inputs, 0).dtype;
  return { args, batchSize: graph.batchSize(FEEDS.input(0), firstDtype) };
}

/** Optimizer updates, constraints and moving statistics; the training result comes after all of them. */
function buildUpdates(
  graph: GraphBuilder,
  program: TrainingProgram,
  weights: readonly GraphVariable[],
  trained: Readonly<Record<string, NodeRef>>,
  constrain: (weight: Weight, variable: GraphVariable, updated: NodeRef) => NodeRef,
): GraphVariable[] {
  const { options, trainable } = program;
  const count = HYPERPARAMETER_COUNT[options.optimizer.name];
  const hyper = graph.unpack(graph.placeholder(FEEDS.hyperparameters, 'float32', [count]), count, 'float32');
  const slots = slotNames(options.optimizer).map((slot, s) =>
    trainable.map(({ name, shape, size }, i) =>
      declare(graph, `slot_${s}_${i}`, `${slot}/${name}`, shape, size),
    ),
  );
  const updates: NodeRef[] = [];
  trainable.forEach((weight, i) => {
    const gradient = trained[`gradient:${i}`];
    if (gradient === undefined) {
      // The loss does not depend on this weight: as in tfjs, it and its slots stay as they are.
      graph.identity(graph.floats(Array<number>(weight.size).fill(0), weight.shape), FETCHES.gradient(i));
      return;
    }
    graph.identity(gradient, FETCHES.gradient(i));
    const variable = nth(weights, program.weights.indexOf(weight));
    const updated = applyUpdate(graph, options.optimizer, {
      variable: variable.handle,
      slots: slots.map((of) => nth(of, i).handle),
      gradient,
      hyper,
      after: [variable.read],
    });
    updates.push(constrain(weight, variable, updated));
  });
  weights.forEach(({ handle, read }, i) => {
    const value = trained[`statistic:${i}`];
    if (value !== undefined) updates.push(graph.assign(handle, value, [read]));
  });
  graph.identity(lossAndHits(graph, trained), FETCHES.train, updates);
  return slots.flat();
}

function buildAssignments(graph: GraphBuilder, variables: readonly GraphVariable[]): void {
  const assigned = variables.map(({ handle, shape }, i) => {
    // A variable takes over the memory that it is assigned, and fed memory is JavaScript's: the caller could change
    // the weights by writing into its array, and TensorFlow would free it on a thread that is not JavaScript's.
    const copy = graph.copy(graph.placeholder(FEEDS.value(i), 'float32', shape));
    return graph.assign(handle, copy);
  });
  graph.identity(graph.float(1), FETCHES.assign, assigned);
}

/** Both as one tensor, so that a step fetches once. */
const lossAndHits = (graph: GraphBuilder, { loss = '', hits }: Readonly<Record<string, NodeRef>>): NodeRef =>
  graph.pack([loss, hits ?? graph.float(Number.NaN)], 'float32');
