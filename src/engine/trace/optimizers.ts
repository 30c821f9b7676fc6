/** Optimizers as graph operations that update their weight in place, and as tfjs optimizers for the eager step. */
import { attr } from './proto.js';
import { control, type GraphBuilder, type NodeRef } from './graph.js';
import type { Optimizer, TensorFlow } from './types.js';

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, epsilonForm: 'corrected' } as const;
const RMSPROP = { decay: 0.9, momentum: 0, epsilon: 1e-7, centered: false } as const;

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
      return optimizer.centered === true ? ['meanGradient', 'meanSquare', 'momentum'] : ['meanSquare', 'momentum'];
  }
}

/** What changes from step to step, in float64, in the order in which `applyUpdate` reads it. `step` is 1 for the first. */
export function stepHyperparameters(optimizer: Optimizer, learningRate: number, step: number): number[] {
  if (optimizer.name !== 'adam') return [learningRate];
  const { beta1, beta2, epsilon, epsilonForm } = { ...ADAM, ...optimizer };
  const beta1Power = beta1 ** step;
  const beta2Power = beta2 ** step;
  // ResourceApplyAdam has epsilon in the "hat" form; m̂/(√v̂ + ε) equals it with ε·√(1 − β₂ᵗ).
  const effective = epsilonForm === 'hat' ? epsilon : epsilon * Math.sqrt(1 - beta2Power);
  return [learningRate, beta1Power, beta2Power, effective];
}

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
      return graph.add('ResourceApplyMomentum', [variable, ...slots, rate, gradient, graph.float(optimizer.momentum), ...waits], attrs);
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

type TfjsOptimizer = ReturnType<TensorFlow['train']['sgd']>;

/** The same optimizer of tfjs. Its learning rate (and Adam's epsilon) are set before each step by `setStep`. */
export function tfjsOptimizer(tf: TensorFlow, optimizer: Optimizer): { optimizer: TfjsOptimizer; setStep(rate: number, step: number): void } {
  const made = makeTfjsOptimizer(tf, optimizer);
  return {
    optimizer: made,
    setStep: (rate, step) => {
      const settable = made as unknown as { learningRate: number; epsilon?: number; setLearningRate?(rate: number): void };
      if (settable.setLearningRate) settable.setLearningRate(rate);
      else settable.learningRate = rate;
      if (optimizer.name !== 'adam') return;
      const { beta2, epsilon, epsilonForm } = { ...ADAM, ...optimizer };
      settable.epsilon = epsilonForm === 'hat' ? epsilon / Math.sqrt(1 - beta2 ** step) : epsilon;
    },
  };
}

function makeTfjsOptimizer(tf: TensorFlow, optimizer: Optimizer): TfjsOptimizer {
  // Any rate will do: setStep gives the real one before each update.
  const rate = 1;
  switch (optimizer.name) {
    case 'sgd':
      return tf.train.sgd(rate);
    case 'momentum':
      return tf.train.momentum(rate, optimizer.momentum, optimizer.useNesterov === true);
    case 'adam': {
      const { beta1, beta2, epsilon } = { ...ADAM, ...optimizer };
      return tf.train.adam(rate, beta1, beta2, epsilon) as unknown as TfjsOptimizer;
    }
    case 'rmsprop': {
      const { decay, momentum, epsilon, centered } = { ...RMSPROP, ...optimizer };
      return tf.train.rmsprop(rate, decay, momentum, epsilon, centered) as unknown as TfjsOptimizer;
    }
  }
}
