import { isStatus } from '../connection/daemon-error.js';

export interface TroubleTiming {
  readonly firstDelayMs: number;
  readonly mostDelayMs: number;
  readonly patienceMs: number;
}

/** Answers of the daemon that stay as they are: no such container, it is being removed, its driver stores no log. */
const FINAL_STATUSES = [404, 409, 501];

/** How often a stream broke on end, how long to wait after it, and when to stop trying. */
export class Trouble {
  readonly #timing: TroubleTiming;
  #begunAt: number | undefined;
  #attempts = 0;
  /** When the stream was there; undefined while it is only asked for. */
  #openedAt: number | undefined;

  constructor(timing: TroubleTiming) {
    this.#timing = timing;
  }

  /** A stream is asked for: however long that takes, it is none that held. */
  opening(): void {
    this.#openedAt = undefined;
  }

  opened(): void {
    this.#openedAt = performance.now();
  }

  /** Something came of it. */
  over(): void {
    this.#begunAt = undefined;
    this.#attempts = 0;
  }

  /** @throws the error, if trying again is no use or has been for `patienceMs` */
  note(error: unknown): void {
    if (isStatus(error, ...FINAL_STATUSES)) throw error;
    const now = performance.now();
    // A connection that held for a while was a good one, even if the container printed nothing.
    const heldMs = this.#openedAt === undefined ? 0 : now - this.#openedAt;
    if (heldMs >= this.#timing.mostDelayMs) this.over();
    this.#begunAt ??= now;
    if (now - this.#begunAt >= this.#timing.patienceMs) throw error;
  }

  /** How long to wait before the next attempt. */
  nextDelayMs(): number {
    const { firstDelayMs, mostDelayMs } = this.#timing;
    const delayMs = Math.min(firstDelayMs * 2 ** this.#attempts, mostDelayMs);
    this.#attempts += 1;
    return delayMs;
  }
}
