import type { Clock } from '../common/clock.js';
import { attachSuppressed } from '../common/errors.js';
import type { RunEventInput } from '../contract/run-event.js';

/** Times the phases of a run, tells each as an event, and keeps their durations in the order they happened. */
export class Phases {
  readonly #clock: Clock;
  readonly #emit: (event: RunEventInput) => void;
  readonly #durations: Record<string, number>;

  constructor(
    clock: Clock,
    emit: (event: RunEventInput) => void,
    earlier: Readonly<Record<string, number>> = {},
  ) {
    this.#clock = clock;
    this.#emit = emit;
    this.#durations = { ...earlier };
  }

  /** Phase → milliseconds so far. One that failed counts up to its failure. */
  get durations(): Readonly<Record<string, number>> {
    return this.#durations;
  }

  async time<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const start = this.#clock.elapsed();
    this.#emit({ type: 'phase', name, state: 'start' });
    // Its place in the order is that of its start, even if another phase ends inside it.
    this.#durations[name] = 0;
    const end = (): void => {
      const ms = this.#clock.elapsed() - start;
      this.#durations[name] = ms;
      this.#emit({ type: 'phase', name, state: 'end', ms });
    };
    let result: T;
    try {
      result = await work();
    } catch (error) {
      try {
        end();
      } catch (second) {
        throw attachSuppressed(error, [second]);
      }
      throw error;
    }
    end();
    return result;
  }

  /** A moment rather than a span: milliseconds since the process started. */
  mark(name: string): void {
    this.#durations[name] = this.#clock.elapsed();
  }
}
