/**
 * Phases as bars one after the other. Training is left out of the scale: it takes as long as one lets it, and beside it
 * nothing else would be seen.
 */
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const TRAINING = '╌╌';

export interface TimedPhase {
  readonly name: string;
  readonly seconds: number | undefined;
}

/** One bar a phase, at most `width` columns wide; empty for a phase that there was not. */
export function drawWaterfall(phases: readonly TimedPhase[], width: number): string[] {
  const timed = phases.filter(({ name }) => name !== 'train');
  const total = timed.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  // The last bar begins in a column of its own, and is at least a stroke.
  const columns = width - TRAINING.length - 1;
  const scale = total > 0 ? columns / total : 0;
  let at = 0;
  let shift = 0;
  return phases.map(({ name, seconds }) => {
    if (seconds === undefined) return '';
    const indent = ' '.repeat(Math.floor(at) + shift);
    if (name === 'train') {
      shift = TRAINING.length;
      return `${indent}${TRAINING}`;
    }
    at += seconds * scale;
    return `${indent}${bar(seconds * scale)}`;
  });
}

/** Eighths of a column; whatever has taken time is seen. */
function bar(columns: number): string {
  if (columns <= 0) return '';
  const eighths = Math.max(1, Math.round(8 * columns));
  return '█'.repeat(eighths >> 3) + (PARTS[eighths & 7] ?? '');
}
