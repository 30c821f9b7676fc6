/** The course of a run, made of its events: what the lines of the report are drawn from. */
import type { EpochFigures } from '../../../contract/epoch-figures.js';
import { decodeNumber } from '../../../contract/json-number.js';
import type { RunEvent } from '../../../contract/run-event.js';

/** Means over the steps since the last. */
export interface StepFigures {
  /** Optimizer steps done. */
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface Moment {
  /** Since the start of the run. */
  readonly seconds: number;
  readonly value: number;
}

export interface RunCurves {
  readonly epochs: readonly EpochFigures[];
  readonly steps: readonly StepFigures[];
  /** Images a second. */
  readonly throughput: readonly Moment[];
  /** Resident bytes of the process that trains. */
  readonly memory: readonly Moment[];
}

export const NO_CURVES: RunCurves = { epochs: [], steps: [], throughput: [], memory: [] };

interface Mark {
  readonly t: number;
  readonly step: number;
}

/**
 * Takes the events of a run in their order, and has its curves at any time.
 *
 * Throughput is that of the steps between two metric events, unless an epoch has ended in between: validation and
 * checkpoint would count as training. A run too short for two metric events in one epoch has that of its epochs.
 * @param startedAt milliseconds since the Unix epoch
 */
export class CurveCollector {
  readonly #epochs: EpochFigures[] = [];
  readonly #steps: StepFigures[] = [];
  readonly #between: Moment[] = [];
  readonly #ofEpochs: Moment[] = [];
  readonly #memory: Moment[] = [];
  /** The last metric event of this epoch. */
  #mark: Mark | null = null;

  constructor(private readonly run: { readonly startedAt: number; readonly batchSize: number }) {}

  add(event: RunEvent): void {
    switch (event.type) {
      case 'epoch':
        this.#addEpoch(event);
        break;
      case 'metric':
        this.#addMetric(event);
        break;
      case 'system':
        this.#memory.push({ seconds: this.#secondsOf(event), value: event.rssBytes });
    }
  }

  get curves(): RunCurves {
    return {
      epochs: this.#epochs,
      steps: this.#steps,
      throughput: this.#between.length > 0 ? this.#between : this.#ofEpochs,
      memory: this.#memory,
    };
  }

  #addEpoch(event: RunEvent & { readonly type: 'epoch' }): void {
    this.#mark = null;
    this.#epochs.push({
      epoch: event.epoch,
      loss: decodeNumber(event.loss),
      accuracy: decodeNumber(event.accuracy),
      valLoss: decodeNumber(event.valLoss),
      valAccuracy: decodeNumber(event.valAccuracy),
    });
    this.#ofEpochs.push({ seconds: this.#secondsOf(event), value: event.imagesPerSecond });
  }

  #addMetric({ t, step, values: { loss, accuracy } }: RunEvent & { readonly type: 'metric' }): void {
    // Those of an evaluation have the test figures alone.
    if (loss === undefined || accuracy === undefined) return;
    this.#steps.push({ step, loss: decodeNumber(loss), accuracy: decodeNumber(accuracy) });
    const before = this.#mark;
    this.#mark = { t, step };
    // A clock that was set back tells nothing.
    if (before === null || t <= before.t || step <= before.step) return;
    const images = (step - before.step) * this.run.batchSize;
    this.#between.push({ seconds: this.#secondsOf({ t }), value: (1000 * images) / (t - before.t) });
  }

  #secondsOf({ t }: { readonly t: number }): number {
    return (t - this.run.startedAt) / 1000;
  }
}
