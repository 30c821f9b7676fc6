/**
 * Training as it is watched: on a terminal one line rewritten in place, elsewhere one line an epoch, or one JSON
 * object an event. Driven by run events and the runtime's step callback only.
 */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/logger.js';
import type { RunEvent } from '../contract/run-event.js';
import type { TrainingProgress } from '../contract/runtime.js';
import { formatClock, formatCount, formatLoss, formatShare } from '../report/format.js';
import type { Terminal } from './io.js';

export interface ProgressReporter {
  readonly onEvent: (event: RunEvent) => void;
  readonly onProgress: (progress: TrainingProgress) => void;
  /** Leaves the terminal on a fresh line. */
  readonly finish: () => void;
}

export const silentProgress: ProgressReporter = {
  onEvent: () => undefined,
  onProgress: () => undefined,
  finish: () => undefined,
};

/** Redrawing faster than this is not seen, and costs training time. */
const REDRAW_INTERVAL_MS = 100;
const CLEAR_LINE = '\r\u001B[K';

export function liveProgress(terminal: Terminal, clock: Clock): ProgressReporter {
  let drawnAt = -Infinity;
  let shown = false;
  const remaining = estimateRemaining(clock);
  const clear = (): void => {
    if (shown) terminal.write(CLEAR_LINE);
    shown = false;
  };
  return {
    onProgress(progress) {
      const now = clock.elapsed();
      const left = remaining(progress);
      const epochEnds = progress.step === progress.stepsPerEpoch;
      if (now - drawnAt < REDRAW_INTERVAL_MS && !epochEnds) return;
      drawnAt = now;
      shown = true;
      // One column is left free: a full line wraps on some terminals.
      terminal.write(
        CLEAR_LINE +
          fit([...progressParts(progress), `ETA ${formatClock(left)}`], (terminal.columns ?? 80) - 1),
      );
    },
    onEvent(event) {
      const line = lineOf(event);
      if (line === undefined) return;
      clear();
      terminal.write(`${line}\n`);
    },
    finish: clear,
  };
}

export function lineProgress(terminal: Terminal): ProgressReporter {
  return {
    ...silentProgress,
    onEvent(event) {
      const line = lineOf(event);
      if (line !== undefined) terminal.write(`${line}\n`);
    },
  };
}

export function jsonProgress(logger: Logger): ProgressReporter {
  return {
    ...silentProgress,
    onEvent(event) {
      if (event.type === 'log') {
        logger[event.level]({ seq: event.seq }, event.message);
      } else {
        const isFine = event.type === 'metric' || event.type === 'system';
        logger[isFine ? 'debug' : 'info']({ event }, event.type);
      }
    },
  };
}

/** Milliseconds left if every epoch runs, at the pace since the first step ended: that one is slow. */
function estimateRemaining(clock: Clock): (progress: TrainingProgress) => number {
  let first: { at: number; steps: number } | undefined;
  return ({ epoch, epochs, step, stepsPerEpoch }) => {
    const steps = (epoch - 1) * stepsPerEpoch + step;
    const now = clock.elapsed();
    first ??= { at: now, steps };
    const pace = steps === first.steps ? 0 : (now - first.at) / (steps - first.steps);
    return (epochs * stepsPerEpoch - steps) * pace;
  };
}

/** Most wanted first: what does not fit is left off from the end. */
function progressParts(progress: TrainingProgress): string[] {
  const { epoch, epochs, step, stepsPerEpoch, loss, accuracy, imagesPerSecond } = progress;
  return [
    `epoch ${epoch}/${epochs}`,
    `step ${String(step).padStart(String(stepsPerEpoch).length)}/${stepsPerEpoch}`,
    `${formatCount(imagesPerSecond)} images/s`,
    `loss ${formatLoss(loss)}`,
    `acc ${formatShare(accuracy)}`,
  ];
}

function fit(parts: readonly string[], width: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line} · ${part}`;
    if (longer.length > width) break;
    line = longer;
  }
  return line === '' ? (parts[0] ?? '').slice(0, Math.max(0, width)) : line;
}

function lineOf(event: RunEvent): string | undefined {
  if (event.type === 'log' && event.level !== 'debug') {
    return event.level === 'info' ? event.message : `${event.level}: ${event.message}`;
  }
  if (event.type !== 'epoch') return undefined;
  return [
    `epoch ${event.epoch}`,
    `${formatCount(event.imagesPerSecond)} images/s`,
    `loss ${formatLoss(event.loss)}`,
    `acc ${formatShare(event.accuracy)}`,
    `val loss ${formatLoss(event.valLoss)}`,
    `val acc ${formatShare(event.valAccuracy)}`,
  ].join(' · ');
}
