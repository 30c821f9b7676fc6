/** On a terminal: one line rewritten in place, and one line left behind for each epoch. */
import type { Clock } from '../../common/clock.js';
import type { TrainingProgress } from '../../contract/runtime.js';
import { formatClock, formatCount, formatLoss, formatShare } from '../../report/format.js';
import { columnsOf } from '../io.js';
import type { Terminal } from '../io.js';
import { lineOf } from './epoch-line.js';
import { fit } from './fit.js';
import type { Part } from './fit.js';
import { imageLine } from './image-line.js';
import type { ProgressReporter } from './reporter.js';
import { liveSetup } from './setup.js';

/** Redrawing faster than this is not seen, and costs training time. */
const REDRAW_INTERVAL_MS = 100;
const CLEAR_LINE = '\r\u001B[K';

export function liveReporter(terminal: Terminal, clock: Clock): ProgressReporter {
  let drawnAt = -Infinity;
  let shown = false;
  const setup = liveSetup(terminal);
  const remaining = estimateRemaining(clock);
  const clear = (): void => {
    setup.finish();
    if (shown) terminal.write(CLEAR_LINE);
    shown = false;
  };
  const leave = (line: string): void => {
    clear();
    terminal.write(`${line}\n`);
  };
  return {
    onSetup: setup.onSetup,
    onImage: (image) => leave(imageLine(image)),
    onPlanned: ({ runId }) => leave(`run ${runId}`),
    onProgress(progress) {
      const left = remaining(progress);
      const now = clock.elapsed();
      if (now - drawnAt < REDRAW_INTERVAL_MS && progress.step < progress.stepsPerEpoch) return;
      drawnAt = now;
      shown = true;
      // One column is left free: a full line wraps on some terminals.
      terminal.write(CLEAR_LINE + fit(progressParts(progress, left), columnsOf(terminal) - 1));
    },
    onEvent(event) {
      const line = lineOf(event);
      if (line !== undefined) leave(line);
    },
    finish: clear,
  };
}

/**
 * Milliseconds left if every epoch runs, at the pace since the first step ended: that one is slow.
 * Undefined until a second one has.
 */
function estimateRemaining(clock: Clock): (progress: TrainingProgress) => number | undefined {
  let first: { at: number; steps: number } | undefined;
  return ({ epoch, epochs, step, stepsPerEpoch }) => {
    const steps = (epoch - 1) * stepsPerEpoch + step;
    const now = clock.elapsed();
    first ??= { at: now, steps };
    if (steps === first.steps) return undefined;
    return ((epochs * stepsPerEpoch - steps) * (now - first.at)) / (steps - first.steps);
  };
}

function progressParts(progress: TrainingProgress, left: number | undefined): Part[] {
  const { epoch, epochs, step, stepsPerEpoch, loss, accuracy, imagesPerSecond } = progress;
  return [
    { rank: 0, text: `epoch ${epoch}/${epochs}` },
    { rank: 1, text: `step ${String(step).padStart(String(stepsPerEpoch).length)}/${stepsPerEpoch}` },
    { rank: 5, text: `${formatCount(imagesPerSecond || null)} images/s` },
    { rank: 3, text: `loss ${formatLoss(loss)}` },
    { rank: 4, text: `acc ${formatShare(accuracy, 1)}` },
    { rank: 2, text: `ETA ${left === undefined ? '–' : formatClock(left)}` },
  ];
}
