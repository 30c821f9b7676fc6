/** For machines: one JSON object a line, each event under `event`. */
import type { Logger } from '../../common/logger.js';
import { silentReporter } from './reporter.js';
import type { ProgressReporter } from './reporter.js';

export function jsonReporter(logger: Logger): ProgressReporter {
  let step: string | undefined;
  return {
    ...silentReporter,
    onSetup({ title }) {
      if (title !== step) logger.info({}, title);
      step = title;
    },
    onImage: (image) => logger.info({ image }, 'image'),
    onPlanned: ({ runId, runDir }) => logger.info({ runId, runDir }, 'run'),
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
