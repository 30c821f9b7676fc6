import { RunnerError } from '../../../src/contract/errors.js';

/**
 * Ends the wait for a stream that will never say anything again: one whose container has exited, or whose daemon no
 * longer answers. A connection that was lost without a word looks like a container that prints nothing.
 */
export class SilenceWatch {
  readonly #isRunning: () => Promise<boolean>;
  readonly #idleMs: number;
  readonly #giveUp: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param isRunning asked each time that the stream has been silent for `idleMs`; no answer counts as no */
  constructor(isRunning: () => Promise<boolean>, idleMs: number, giveUp: (error: unknown) => void) {
    this.#isRunning = isRunning;
    this.#idleMs = idleMs;
    this.#giveUp = giveUp;
  }

  start(): void {
    this.stop();
    const timer = setTimeout(() => void this.#check(timer), this.#idleMs);
    this.#timer = timer;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #check(timer: NodeJS.Timeout): Promise<void> {
    const verdict = await this.#ask();
    // Stopped, or started anew, while the answer was on its way: the stream has said something.
    if (this.#timer !== timer) return;
    if (verdict === undefined) this.start();
    else this.#giveUp(verdict);
  }

  async #ask(): Promise<unknown> {
    try {
      if (await this.#isRunning()) return undefined;
    } catch (error) {
      return error;
    }
    return new RunnerError('daemon-failed', 'The stream fell silent although the container has exited.');
  }
}
