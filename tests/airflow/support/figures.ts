/** How long it took until nothing was left of tasks that were stopped, and whose time that was. */
import { spread } from '../../../bench/lib/statistics.mjs';

/** Milliseconds since the epoch. */
export interface Stop {
  /** When Airflow was told; not of a task that runs out of its time. */
  readonly askedAt?: number;
  /** When Airflow sent SIGTERM. */
  readonly signalledAt: number;
  readonly goneAt: number;
}

export class Figures {
  readonly #stops = new Map<string, Stop[]>();

  add(what: string, stop: Stop): void {
    this.#stops.set(what, [...(this.#stops.get(what) ?? []), stop]);
  }

  /** A line a kind of stop. */
  render(): string {
    return [...this.#stops]
      .map(([what, stops]) => {
        const ours = secondsOf(stops.map(({ signalledAt, goneAt }) => goneAt - signalledAt));
        const heartbeats = stops.flatMap(({ askedAt, signalledAt }) =>
          askedAt === undefined ? [] : [signalledAt - askedAt],
        );
        const airflows = heartbeats.length > 0 ? `to Airflow's signal ${secondsOf(heartbeats)}, ` : '';
        return `${what}, ${stops.length} times: ${airflows}from the signal until nothing was left ${ours}`;
      })
      .join('\n');
  }
}

function secondsOf(milliseconds: readonly number[]): string {
  const { median, min, max } = spread(milliseconds);
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  return `${seconds(median)} s (${seconds(min)} to ${seconds(max)})`;
}
