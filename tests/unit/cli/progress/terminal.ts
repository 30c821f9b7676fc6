/** A terminal that shows what a person would see: the lines, and whether any was too long for one. */
import type { Terminal } from '../../../../src/cli/io.js';

export function screen(columns: number) {
  const lines = [''];
  let written = 0;
  const terminal: Terminal = {
    isTTY: true,
    columns,
    write(text: string): boolean {
      written += 1;
      for (const piece of text.split(/(\r\u001b\[K|\n)/)) {
        if (piece === '\n') lines.push('');
        else if (piece === '\r\u001b[K') lines[lines.length - 1] = '';
        else lines.push(`${lines.pop() ?? ''}${piece}`);
      }
      return true;
    },
  };
  return {
    terminal,
    /** The last one is the line that the cursor is on. */
    lines: (): readonly string[] => [...lines],
    writes: () => written,
  };
}

/** A clock that a test moves. */
export function handClock() {
  let ms = 0;
  return {
    clock: { now: () => ms, elapsed: () => ms },
    pass: (by: number) => {
      ms += by;
    },
  };
}
