/** A tfjs optimizer whose slots can be read and set, for the eager step. */
import { nth } from './arrays.js';
import { ADAM, RMSPROP, slotNames } from './optimizers.js';
import { assignVariable, type Weight } from './program.js';
import type { Optimizer, Tensor, TensorFlow, Variable } from './types.js';

type TfjsOptimizer = ReturnType<TensorFlow['train']['sgd']>;
type TfjsSlots = { readonly originalName: string; readonly variable: Variable }[];
/** What tfjs's optimizers keep beyond their public API. */
interface Internals {
  learningRate: number;
  epsilon?: number;
  readonly accBeta1?: Variable;
  readonly accBeta2?: Variable;
  readonly c?: Tensor;
  setLearningRate?(rate: number): void;
}

export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly variable: Variable;
}

/** Where tfjs keeps the slots that `slotNames` names. */
const TFJS_FIELDS: Readonly<Record<Optimizer['name'], Readonly<Record<string, string>>>> = {
  sgd: {},
  momentum: { accumulator: 'accumulations' },
  adam: { m: 'accumulatedFirstMoment', v: 'accumulatedSecondMoment' },
  rmsprop: {
    meanGradient: 'accumulatedMeanGrads',
    meanSquare: 'accumulatedMeanSquares',
    momentum: 'accumulatedMoments',
  },
};

export class EagerOptimizer {
  readonly slots: readonly Slot[];
  private readonly optimizer: TfjsOptimizer;

  constructor(
    private readonly tf: TensorFlow,
    private readonly options: Optimizer,
    private readonly trainable: readonly Weight[],
  ) {
    this.optimizer = makeTfjsOptimizer(tf, options);
    // tfjs makes its slots at the first step; made here, they can be read before it.
    this.slots = slotNames(options).flatMap((slot) => {
      const made = trainable.map(({ name, shape, size }) => {
        const variable = tf.tidy(() => tf.variable(tf.zeros([...shape]), false));
        return { name: `${slot}/${name}`, shape, size, variable };
      });
      const field = TFJS_FIELDS[options.name][slot] ?? '';
      const tfjsSlots: TfjsSlots = made.map(({ name, variable }) => ({ originalName: name, variable }));
      (this.optimizer as unknown as Record<string, TfjsSlots>)[field] = tfjsSlots;
      return made;
    });
  }

  /** @param step 1 for the first */
  update(gradients: readonly (Tensor | null)[], learningRate: number, step: number): void {
    const { options, trainable, optimizer } = this;
    const internals = optimizer as unknown as Internals;
    if (internals.setLearningRate) internals.setLearningRate(learningRate);
    else internals.learningRate = learningRate;
    if (options.name === 'adam') {
      // tfjs adds epsilon to the corrected second moment; ε/√(1 − β₂ᵗ) there equals ε at the raw one.
      const { beta2, epsilon, epsilonForm } = { ...ADAM, ...options };
      internals.epsilon = epsilonForm === 'hat' ? epsilon / Math.sqrt(1 - beta2 ** step) : epsilon;
    }
    const named = trainable.map(({ variable: { name } }, i) => ({ name, tensor: nth(gradients, i) }));
    optimizer.applyGradients(named as never);
    for (const { variable, constraint } of trainable) {
      if (constraint) this.tf.tidy(() => variable.assign(constraint(variable)));
    }
  }

  /** Sets the slots, and what else depends on the number of steps done, as after `step` steps. */
  restore(slots: readonly Float32Array[], step: number): void {
    this.slots.forEach(({ variable }, i) => assignVariable(this.tf, variable, slots[i]));
    const { accBeta1, accBeta2 } = this.optimizer as unknown as Internals;
    if (this.options.name !== 'adam' || !accBeta1 || !accBeta2) return;
    const { beta1, beta2 } = { ...ADAM, ...this.options };
    for (const [variable, beta] of [[accBeta1, beta1] as const, [accBeta2, beta2] as const]) {
      assignVariable(this.tf, variable, Float32Array.of(power(beta, step + 1)));
    }
  }

  dispose(): void {
    this.optimizer.dispose();
    // SGD keeps its learning rate as a tensor, which Momentum, derived from it, forgets.
    const { c } = this.optimizer as unknown as Internals;
    if (c && !c.isDisposed) c.dispose();
  }
}

/** As tfjs comes by it: one float32 product a step. */
function power(beta: number, exponent: number): number {
  const factor = Math.fround(beta);
  let product = factor;
  for (let i = 1; i < exponent; i += 1) product = Math.fround(product * factor);
  return product;
}

function makeTfjsOptimizer(tf: TensorFlow, optimizer: Optimizer): TfjsOptimizer {
  // Any rate will do: each update sets its own.
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
      // tfjs 4.22 takes the root of s − (g² + ε), which is negative for small gradients, where s − g² + ε is meant.
      const signed = centered ? -epsilon : epsilon;
      return tf.train.rmsprop(rate, decay, momentum, signed, centered) as unknown as TfjsOptimizer;
    }
  }
}
