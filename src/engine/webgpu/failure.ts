/** What goes wrong on the card while WebGPU computes. Dawn tells it later, and beside the call that it is about. */
import { RunnerError } from '../../contract/errors.js';

export class WebgpuFailure extends Error {
  constructor(
    readonly kind: 'out-of-memory' | 'lost' | 'other',
    words: string,
    options?: ErrorOptions,
  ) {
    super(words, options);
    this.name = 'WebgpuFailure';
  }
}

/**
 * The error as it is, or what it says of the card.
 * @param batchSize of the run: half of it is what the hint proposes
 */
export function nameWebgpuFailure(error: unknown, { batchSize }: { readonly batchSize: number }): unknown {
  if (!(error instanceof WebgpuFailure)) return error;
  const { kind, message } = error;
  if (kind === 'out-of-memory') {
    const half = `Half the batch needs about half the memory: --batch-size ${Math.floor(batchSize / 2)}.`;
    return new RunnerError('gpu-out-of-memory', `The card's memory is used up: ${message}`, {
      cause: error,
      hint: `${batchSize > 1 ? half : 'The model is too large for it.'} Or take a card with more memory, or that nobody else uses.`,
    });
  }
  const what = kind === 'lost' ? 'The card is gone' : 'The card failed';
  return new RunnerError('gpu-failed', `${what}: ${message}`, {
    cause: error,
    hint: "The kernel log (`dmesg`) says more; run it again, update the card's driver, or take --engine tensorflow.",
  });
}
