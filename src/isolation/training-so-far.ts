import { readEvents } from '../common/event-log.js';
import { exists } from '../common/exists.js';
import { runPath } from '../contract/run-directory.js';
import { NO_TRAINING } from '../contract/run-outcome.js';
import type { TrainingResult } from '../contract/run-outcome.js';
import type { RunEvent } from '../contract/run-event.js';

/** How far the trainer of a run directory got, as its event log has it; not at all without one. */
export async function readSoFar(runDir: string) {
  const sofar = new TrainingSoFar();
  const path = runPath(runDir, 'events');
  if (await exists(path)) for (const event of await readEvents(path)) sofar.add(event);
  return { phases: sofar.phases, training: sofar.toResult() };
}

type EpochEvent = Extract<RunEvent, { type: 'epoch' }>;

/** What a trainer's events tell of how far it got: all there is of one that ended without a word. */
export class TrainingSoFar {
  readonly #epochs = new Map<number, EpochEvent>();
  readonly #phases: Record<string, number> = {};
  /** When the phases began that have not ended, by the trainer's clock. */
  readonly #open = new Map<string, number>();
  #steps = 0;
  #bestEpoch: number | null = null;
  #lastAt = 0;

  add(event: RunEvent): void {
    this.#lastAt = event.t;
    switch (event.type) {
      case 'epoch':
        this.#epochs.set(event.epoch, event);
        this.#steps = Math.max(this.#steps, event.step);
        break;
      case 'metric':
        this.#steps = Math.max(this.#steps, event.step);
        break;
      case 'checkpoint':
        this.#steps = Math.max(this.#steps, event.step);
        // An epoch 0 is none: what says so is not one of ours.
        if (event.best && event.epoch > 0) this.#bestEpoch = event.epoch;
        break;
      case 'phase':
        this.#phases[event.name] = event.ms ?? 0;
        if (event.state === 'start') this.#open.set(event.name, event.t);
        else this.#open.delete(event.name);
        break;
      default:
    }
  }

  /** Phase → milliseconds; one that was cut short counts up to the last event. */
  get phases(): Readonly<Record<string, number>> {
    const open = [...this.#open].map(([name, start]) => [name, Math.max(0, this.#lastAt - start)]);
    return { ...this.#phases, ...(Object.fromEntries(open) as Record<string, number>) };
  }

  toResult(): TrainingResult {
    const kept = this.#bestEpoch === null ? undefined : this.#epochs.get(this.#bestEpoch);
    return {
      ...NO_TRAINING,
      epochsCompleted: this.#epochs.size,
      stepsCompleted: this.#steps,
      bestEpoch: this.#bestEpoch,
      finalLoss: kept?.loss ?? null,
      finalAccuracy: kept?.accuracy ?? null,
      valLoss: kept?.valLoss ?? null,
      valAccuracy: kept?.valAccuracy ?? null,
      imagesPerSecond: [...this.#epochs.values()].at(-1)?.imagesPerSecond ?? null,
    };
  }
}
