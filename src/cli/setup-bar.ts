import type { Terminal } from './io.js';
import type { SetupProgress } from './services.js';

const BAR_WIDTH = 24;

/** Set-up on a terminal: one bar rewritten in place; elsewhere one line a step. Silent while nothing is done. */
export function setupBar(terminal: Terminal): SetupProgress {
  let last: string | undefined;
  return ({ title, share }) => {
    if (terminal.isTTY === true) {
      const bar = share === undefined ? '' : ` ${drawBar(share)} ${Math.round(100 * share)} %`;
      const line = `${title}${bar}`.slice(0, (terminal.columns ?? 80) - 1);
      terminal.write(`\r\u001B[K${line}${share === 1 ? '\n' : ''}`);
    } else if (title !== last) {
      terminal.write(`${title}\n`);
    }
    last = title;
  };
}

function drawBar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `[${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}]`;
}
