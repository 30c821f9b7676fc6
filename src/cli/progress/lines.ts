/** Without a terminal: one line for the run, one an epoch, and each message. */
import type { Terminal } from '../io.js';
import { lineOf } from './epoch-line.js';
import { imageLine } from './image-line.js';
import { silentReporter } from './reporter.js';
import type { ProgressReporter } from './reporter.js';
import { lineSetup } from './setup.js';

export function lineReporter(terminal: Terminal): ProgressReporter {
  return {
    ...silentReporter,
    ...lineSetup(terminal),
    onImage: (image) => void terminal.write(`${imageLine(image)}\n`),
    onPlanned: ({ runId }) => void terminal.write(`run ${runId}\n`),
    onEvent(event) {
      const line = lineOf(event);
      if (line !== undefined) terminal.write(`${line}\n`);
    },
  };
}
