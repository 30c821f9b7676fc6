import type {
  Batch,
  BatchGroup,
  NamedArray,
  StepGroup,
  StepResult,
  TrainStep,
} from '../../../src/engine/trace/index.js';

export interface Script {
  /** Loss of each training step, by its index from 0. */
  readonly trainLoss?: (step: number) => number;
  /** Loss of each validation pass, by its index from 0. */
  readonly valLoss?: (pass: number) => number;
  /** The weight after each training step, by its index from 0; the number of steps done if not given. */
  readonly weight?: (step: number) => number;
  /** Called before each training step, by its index from 0. */
  readonly onTrain?: (step: number) => void;
}

/**
 * Stands for a train step without TensorFlow: losses come from a script, and its one weight counts the steps, so
 * that a test can tell which weights were kept.
 */
export class ScriptedStep implements TrainStep {
  readonly kind = 'traced';
  readonly group?: StepGroup;
  readonly trained: { readonly labels: number[]; readonly learningRate: number }[] = [];
  readonly #script: Script;
  readonly #validationSize: number;
  #validated = 0;
  #weight = 0;
  #step = 0;

  constructor(script: Script, validationSize: number, stepsPerCall = 1) {
    this.#script = script;
    this.#validationSize = validationSize;
    if (stepsPerCall > 1) {
      this.group = {
        steps: stepsPerCall,
        train: (batches, learningRates) =>
          learningRates.map((rate, index) => this.train(batchIn(batches, index), rate)),
      };
    }
  }

  train({ size, y }: Batch, learningRate: number): StepResult {
    const index = this.trained.length;
    this.#script.onTrain?.(index);
    this.trained.push({ labels: [...y], learningRate });
    this.#step += 1;
    this.#weight = this.#script.weight?.(index) ?? this.#step;
    return { loss: this.#script.trainLoss?.(index) ?? 1, correct: size };
  }

  evaluate({ size }: Batch): StepResult {
    const pass = Math.floor(this.#validated / this.#validationSize);
    this.#validated += size;
    return { loss: this.#script.valLoss?.(pass) ?? 1, correct: 0 };
  }

  readState() {
    return { step: this.#step, weights: [this.#counter('weight', this.#weight)], slots: [] };
  }

  writeState({ step, weights }: ReturnType<TrainStep['readState']>): void {
    this.#step = step;
    this.#weight = weights[0]?.data[0] ?? NaN;
  }

  predict = unused;
  gradients = unused;
  updateModel = unused;
  dispose = unused;

  #counter(name: string, value: number): NamedArray {
    return { name, shape: [], data: Float32Array.of(value) };
  }
}

const batchIn = ({ size, x, y }: BatchGroup, index: number): Batch => ({
  ...{ size, x },
  y: y.slice(index * size, (index + 1) * size),
});

function unused(): never {
  throw new Error('not part of the script');
}
