import type { StepResult } from '../engine/trace/index.js';

/** Loss and accuracy averaged over examples: batches of different size count by their size. */
export class MeanFigures {
  #lossSum = 0;
  #correct = 0;
  #examples = 0;

  add({ loss, correct }: StepResult, examples: number): void {
    this.#lossSum += loss * examples;
    this.#correct += correct;
    this.#examples += examples;
  }

  get loss(): number {
    return this.#lossSum / this.#examples;
  }

  get accuracy(): number {
    return this.#correct / this.#examples;
  }
}
