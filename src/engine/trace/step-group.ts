/**
 * Several training steps as one computation: as many copies of the step as there are steps, each of which reads the
 * weights that the one before it has left. One native call then does all of them, and what such a call costs beside
 * the work itself is paid once. A copy is the very step that is run alone, so the weights are the same to the bit.
 */
import type { DType } from './proto.js';
import type { GraphBuilder, NodeRef } from './graph.js';
import { HYPERPARAMETER_COUNT } from './optimizers.js';
import type { TrainingProgram } from './program.js';
import { batchNodes, buildTrainingStep, inputDtype, type FedNodes, type StepPlace } from './training-step.js';

/** Names of the nodes of a group: everything that a single step is fed, one after the other. */
export const GROUP_FEEDS = {
  input: (i: number) => `group_x${i}`,
  labels: 'group_y',
  /** int32 `[steps, 2]` */
  seed: 'group_seed',
  /** float32 `[steps, entries of stepHyperparameters]` */
  hyperparameters: 'group_hyperparameters',
} as const;
/** Does all updates, then gives `[steps, 2]`: loss and hits of each. */
export const GROUP_FETCH = 'group_result';

export function buildStepGroup(place: StepPlace, steps: number): void {
  const { graph, program, weights } = place;
  let before: NodeRef[] = [];
  const results = groupFeeds(graph, program, steps).map((fed) => {
    const reads = weights.map(({ handle }) => graph.read(handle, undefined, before));
    // Or all steps' images would become floats at once, long before they are wanted.
    const inputs = fed.inputs.map((input, i) => graph.after(input, inputDtype(program, i), before));
    const step = buildTrainingStep(place, batchNodes(place, { ...fed, inputs }), { ...fed, reads });
    before = [graph.allOf(step.updates)];
    return step.lossAndHits;
  });
  graph.identity(graph.pack(results, 'float32'), GROUP_FETCH, before);
}

/** One for each step. */
function groupFeeds(graph: GraphBuilder, program: TrainingProgram, steps: number): FedNodes[] {
  const each = (name: string, dtype: DType, shape: readonly number[]): NodeRef[] =>
    graph.unpack(graph.placeholder(name, dtype, [steps, ...shape]), steps, dtype);
  const inputs = program.inputs.map(({ shape }, i) =>
    each(GROUP_FEEDS.input(i), inputDtype(program, i), [-1, ...shape]),
  );
  const labels = each(GROUP_FEEDS.labels, program.labelDtype, [-1, ...program.labelShape(1).slice(1)]);
  const seeds = each(GROUP_FEEDS.seed, 'int32', [2]);
  const count = HYPERPARAMETER_COUNT[program.options.optimizer.name];
  const hyperparameters = each(GROUP_FEEDS.hyperparameters, 'float32', [count]);
  return labels.map((of, step) => ({
    inputs: inputs.map((input) => input[step] ?? ''),
    labels: of,
    seed: seeds[step] ?? '',
    hyperparameters: hyperparameters[step] ?? '',
  }));
}
