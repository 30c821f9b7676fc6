/** Set-up as it goes on: silent while nothing has to be done. */
import { columnsOf, isLive } from '../io.js';
import type { Terminal } from '../io.js';
import type { SetupProgress } from '../services.js';

export interface SetupReporter {
  readonly onSetup: SetupProgress;
  /** Leaves the terminal on a fresh line. */
  readonly finish: () => void;
}

export const setupReporter = (terminal: Terminal, env: NodeJS.ProcessEnv): SetupReporter =>
  isLive(terminal, env) ? liveSetup(terminal) : lineSetup(terminal);

export const silentSetup: SetupReporter = { onSetup: () => undefined, finish: () => undefined };

const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001B[K';

/** One bar rewritten in place. @param wipe leave nothing of it: for what only bridges a silence */
export function liveSetup(terminal: Terminal, { wipe = false } = {}): SetupReporter {
  let drawn = '';
  const finish = (): void => {
    if (drawn !== '') terminal.write(wipe ? CLEAR_LINE : '\n');
    drawn = '';
  };
  return {
    onSetup({ title, share }) {
      const bar = share === undefined ? '' : ` ${drawBar(share)} ${Math.floor(100 * share)} %`;
      const line = fitTitle(title, bar, columnsOf(terminal) - 1);
      if (line === drawn) return;
      terminal.write(CLEAR_LINE + line);
      drawn = line;
      if (share === 1) finish();
    },
    finish,
  };
}

/** One line a step. */
export function lineSetup(terminal: Terminal): SetupReporter {
  let last: string | undefined;
  return {
    onSetup({ title }) {
      if (title !== last) terminal.write(`${title}\n`);
      last = title;
    },
    finish: () => undefined,
  };
}

/** The bar goes before the end of the title: it is what moves. */
function fitTitle(title: string, bar: string, width: number): string {
  if (title.length + bar.length <= width) return title + bar;
  const room = width - bar.length - 1;
  return room > 0 ? `${title.slice(0, room)}…${bar}` : bar.trim().slice(0, width);
}

function drawBar(share: number): string {
  const full = Math.floor(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `[${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}]`;
}
