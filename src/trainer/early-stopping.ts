/**
 * Watches the validation loss (Prechelt 1998, "Early Stopping – But When?"): the best epoch is the one with the
 * lowest, the first of equal ones.
 */
export class EarlyStopping {
  readonly #patience: number;
  #best: { readonly epoch: number; readonly valLoss: number } | undefined;
  #lastEpoch = 0;

  /** @param patience epochs in a row without a new best before it is time to stop */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** @returns whether this epoch is the best so far */
  observe(epoch: number, valLoss: number): boolean {
    this.#lastEpoch = epoch;
    const improved = this.#best === undefined || valLoss < this.#best.valLoss;
    if (improved) this.#best = { epoch, valLoss };
    return improved;
  }

  get bestEpoch(): number | null {
    return this.#best?.epoch ?? null;
  }

  get bestValLoss(): number | null {
    return this.#best?.valLoss ?? null;
  }

  get isTimeToStop(): boolean {
    return this.#best !== undefined && this.#lastEpoch - this.#best.epoch >= this.#patience;
  }
}
