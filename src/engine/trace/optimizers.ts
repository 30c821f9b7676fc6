/** Optimizers as graph operations that update their weight in place. */
import { attr } from './proto.js';
import { control, type GraphBuilder, type NodeRef } from './graph.js';
import type { Optimizer } from './types.js';

export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, epsilonForm: 'corrected' } as const;
export const RMSPROP = { decay: 0.9, momentum: 0, epsilon: 1e-7, centered: false } as const;

/** Names of the state an optimizer keeps for each weight, all zero at first. */
export function slotNames(optimizer: Optimizer): readonly string[] {
  switch (optimizer.name) {
    case 'sgd':
      return [];
    case 'momentum':
      return ['accumulator'];
    case 'adam':
      return ['m', 'v'];
    case 'rmsprop':
      return optimizer.centered === true
        ? ['meanGradient', 'meanSquare', 'momentum']
        : ['meanSquare', 'momentum'];
  }
}

/** How many entries `stepHyperparameters` has. */
export const HYPERPARAMETER_COUNT: Readonly<Record<Optimizer['name'], number>> = {
  sgd: 1,
  momentum: 1,
  adam: 4,
  rmsprop: 1,
};

/** What changes from step to step, in the order in which `applyUpdate` reads it. `step` is 1 for the first. */
export function stepHyperparameters(optimizer: Optimizer, learningRate: number, step: number): number[] {
  if (optimizer.name !== 'adam') return [learningRate];
  const { beta1, beta2, epsilon, epsilonForm } = { ...ADAM, ...optimizer };
  // Powers of the float32 beta, as Keras and tfjs have them.
  const beta1Power = Math.fround(beta1) ** step;
  const beta2Power = Math.fround(beta2) ** step;
  // ResourceApplyAdam computes 1 − β in float32, where 1 − 0.999 is 1.3e-5 off; Keras and tfjs compute it in float64.
  // The moments are off by these factors, which the learning rate and epsilon make up for.
  const firstMoment = complement(beta1) / (1 - beta1);
  const rootOfSecondMoment = Math.sqrt(complement(beta2) / (1 - beta2));
  // It has epsilon in the "hat" form; m̂/(√v̂ + ε) equals it with ε·√(1 − β₂ᵗ).
  const hat = epsilonForm === 'hat' ? epsilon : epsilon * Math.sqrt(1 - beta2Power);
  const rate = (learningRate * rootOfSecondMoment) / firstMoment;
  return [rate, beta1Power, beta2Power, hat * rootOfSecondMoment];
}

const complement = (beta: number): number => Math.fround(1 - Math.fround(beta));

interface UpdateInputs {
  readonly variable: NodeRef;
  readonly slots: readonly NodeRef[];
  readonly gradient: NodeRef;
  /** The entries of `stepHyperparameters`. */
  readonly hyper: readonly NodeRef[];
  /** Reads that must see the weight as it was before this step. */
  readonly after: readonly NodeRef[];
}

/** @returns the node that updates the weight. */
export function applyUpdate(graph: GraphBuilder, optimizer: Optimizer, inputs: UpdateInputs): NodeRef {
  const { variable, slots, gradient, hyper, after } = inputs;
  const [rate = '', ...more] = hyper;
  const T = { T: attr.type('float32') };
  const waits = after.map(control);
  switch (optimizer.name) {
    case 'sgd':
      return graph.add('ResourceApplyGradientDescent', [variable, rate, gradient, ...waits], T);
    case 'momentum': {
      const attrs = { ...T, use_nesterov: attr.bool(optimizer.useNesterov === true) };
      return graph.add(
        'ResourceApplyMomentum',
        [variable, ...slots, rate, gradient, graph.float(optimizer.momentum), ...waits],
        attrs,
      );
    }
    case 'adam': {
      const { beta1, beta2 } = { ...ADAM, ...optimizer };
      const [beta1Power = '', beta2Power = '', epsilon = ''] = more;
      const scalars = [beta1Power, beta2Power, rate, graph.float(beta1), graph.float(beta2), epsilon];
      return graph.add('ResourceApplyAdam', [variable, ...slots, ...scalars, gradient, ...waits], T);
    }
    case 'rmsprop': {
      const { decay, momentum, epsilon, centered } = { ...RMSPROP, ...optimizer };
      const scalars = [rate, graph.float(decay), graph.float(momentum), graph.float(epsilon)];
      const op = centered ? 'ResourceApplyCenteredRMSProp' : 'ResourceApplyRMSProp';
      return graph.add(op, [variable, ...slots, ...scalars, gradient, ...waits], T);
    }
  }
}
