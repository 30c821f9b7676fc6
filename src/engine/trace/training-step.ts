/** One training step as part of a graph: what was recorded of it, then the updates that its gradients lead to. */
import { nth } from './arrays.js';
import type { NativeBinding } from './backend.js';
import { BatchPolymorphicEmitter } from './generalize.js';
import type { GraphBuilder, NodeRef } from './graph.js';
import { applyUpdate, HYPERPARAMETER_COUNT } from './optimizers.js';
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

/** What every step of a graph has in common. */
export interface StepPlace {
  readonly graph: GraphBuilder;
  readonly program: TrainingProgram;
  readonly binding: NativeBinding;
  readonly recordings: Recordings;
  readonly weights: readonly GraphVariable[];
  /** By slot, then by trainable weight. */
  readonly slots: readonly (readonly GraphVariable[])[];
}

/** The nodes that one step takes its batch and its numbers from. */
export interface FedNodes {
  /** As the caller has them: bytes where the first input is fed so. */
  readonly inputs: readonly NodeRef[];
  readonly labels: NodeRef;
  /** int32 `[2]`: the seed and the step. */
  readonly seed: NodeRef;
  /** The entries of `stepHyperparameters`. */
  readonly hyperparameters: NodeRef;
}

/** The size of the batch, and the arguments of a recording but for the weights. */
export interface BatchNodes {
  readonly emitter: BatchPolymorphicEmitter;
  readonly args: Readonly<Record<string, NodeRef>>;
}

export interface StepNodes {
  /** `[loss, hits]` of the batch. */
  readonly lossAndHits: NodeRef;
  /** One for each trainable weight; undefined for one that the loss does not depend on. */
  readonly gradients: readonly (NodeRef | undefined)[];
  /** The step is done once all of these are. */
  readonly updates: readonly NodeRef[];
}

export const inputDtype = ({ inputs, options }: TrainingProgram, i: number) =>
  options.input?.dtype === 'uint8' && i === 0 ? 'uint8' : nth(inputs, i).dtype;

export function batchNodes(
  { graph, program, binding }: Pick<StepPlace, 'graph' | 'program' | 'binding'>,
  { inputs, labels, seed }: Pick<FedNodes, 'inputs' | 'labels' | 'seed'>,
): BatchNodes {
  const { input } = program.options;
  const args: Record<string, NodeRef> = { y: labels, seed };
  inputs.forEach((fed, i) => {
    args[`x:${i}`] =
      input?.dtype === 'uint8' && i === 0
        ? graph.binary('Mul', graph.cast(fed, 'uint8', 'float32'), graph.float(input.scale))
        : fed;
  });
  const size = graph.batchSize(nth(inputs, 0), inputDtype(program, 0));
  return { emitter: new BatchPolymorphicEmitter(graph, binding, size), args };
}

/**
 * Optimizer updates, constraints and moving statistics follow from the gradients.
 * @param reads the weights as they are before the step, in the order of `weights`
 */
export function buildTrainingStep(
  { graph, program, recordings, weights, slots }: StepPlace,
  { emitter, args }: BatchNodes,
  { hyperparameters, reads }: Pick<FedNodes, 'hyperparameters'> & { readonly reads: readonly NodeRef[] },
): StepNodes {
  const { options, trainable } = program;
  const withWeights = Object.fromEntries(reads.map((read, i) => [`weight:${i}`, read]));
  const trained = emitter.emit(recordings.training, { ...args, ...withWeights });
  const hyper = graph.unpack(hyperparameters, HYPERPARAMETER_COUNT[options.optimizer.name], 'float32');

  const constrain = (weight: Weight, { handle }: GraphVariable, updated: NodeRef): NodeRef => {
    const recording = recordings.constraints.get(weight);
    if (recording === undefined) return updated;
    const value = graph.read(handle, undefined, [updated]);
    const { constrained = '' } = emitter.emit([recording, recording, recording], { weight: value });
    return graph.assign(handle, constrained);
  };
  const gradients = trainable.map((_, i) => trained[`gradient:${i}`]);
  const updates = trainable.flatMap((weight, i) => {
    const gradient = gradients[i];
    // The loss does not depend on this weight: as in tfjs, it and its slots stay as they are.
    if (gradient === undefined) return [];
    const place = program.weights.indexOf(weight);
    const variable = nth(weights, place);
    const updated = applyUpdate(graph, options.optimizer, {
      variable: variable.handle,
      slots: slots.map((of) => nth(of, i).handle),
      gradient,
      hyper,
      after: [nth(reads, place)],
    });
    return [constrain(weight, variable, updated)];
  });
  const statistics = weights.flatMap(({ handle }, i) => {
    const value = trained[`statistic:${i}`];
    return value === undefined ? [] : [graph.assign(handle, value, [nth(reads, i)])];
  });
  return { lossAndHits: lossAndHits(graph, trained), gradients, updates: [...updates, ...statistics] };
}

/** Both as one tensor, so that a step fetches once. */
export const lossAndHits = (
  graph: GraphBuilder,
  { loss = '', hits }: Readonly<Record<string, NodeRef>>,
): NodeRef => graph.pack([loss, hits ?? graph.float(Number.NaN)], 'float32');
