/** Puts the recordings of a training program together into one graph: training, inference, reading and writing. */
import type { NativeBinding } from './backend.js';
import { GraphBuilder } from './graph.js';
import { HYPERPARAMETER_COUNT, slotNames } from './optimizers.js';
import type { TrainingProgram } from './program.js';
import type { Recordings } from './recordings.js';
import { buildStepGroup } from './step-group.js';
import {
  batchNodes,
  buildTrainingStep,
  inputDtype,
  lossAndHits,
  type FedNodes,
  type GraphVariable,
} from './training-step.js';

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

/** @param stepsPerCall above 1 the graph can also do so many steps at once: see step-group.ts */
export function buildStepGraph(
  program: TrainingProgram,
  binding: NativeBinding,
  recordings: Recordings,
  stepsPerCall = 1,
): StepGraph {
  const graph = new GraphBuilder();
  const weights = program.weights.map(({ name, shape, size }, i) =>
    declare(graph, `weight_${i}`, name, shape, size),
  );
  const slots = slotNames(program.options.optimizer).map((slot, s) =>
    program.trainable.map(({ name, shape, size }, i) =>
      declare(graph, `slot_${s}_${i}`, `${slot}/${name}`, shape, size),
    ),
  );
  const place = { graph, program, binding, recordings, weights, slots };
  const fed = placeholders(graph, program);
  const batch = batchNodes(place, fed);
  const reads = weights.map(({ read }) => read);

  const step = buildTrainingStep(place, batch, { ...fed, reads });
  graph.identity(step.lossAndHits, FETCHES.train, step.updates);
  program.trainable.forEach(({ size, shape }, i) => {
    const zeros = () => graph.floats(Array<number>(size).fill(0), shape);
    graph.identity(step.gradients[i] ?? zeros(), FETCHES.gradient(i));
  });

  const args = Object.fromEntries(reads.map((read, i) => [`weight:${i}`, read]));
  const inferred = batch.emitter.emit(recordings.inference, { ...batch.args, ...args });
  graph.identity(lossAndHits(graph, inferred), FETCHES.evaluate);
  graph.identity(inferred.predictions ?? '', FETCHES.predictions);
  buildAssignments(graph, [...weights, ...slots.flat()]);
  if (stepsPerCall > 1) buildStepGroup(place, stepsPerCall);
  return { graph, weights, slots: slots.flat() };
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

function placeholders(graph: GraphBuilder, program: TrainingProgram): FedNodes {
  const { inputs, labelDtype, options } = program;
  return {
    inputs: inputs.map(({ shape }, i) =>
      graph.placeholder(FEEDS.input(i), inputDtype(program, i), [-1, ...shape]),
    ),
    labels: graph.placeholder(FEEDS.labels, labelDtype, [-1, ...program.labelShape(1).slice(1)]),
    seed: graph.placeholder(FEEDS.seed, 'int32', [2]),
    hyperparameters: graph.placeholder(FEEDS.hyperparameters, 'float32', [
      HYPERPARAMETER_COUNT[options.optimizer.name],
    ]),
  };
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
