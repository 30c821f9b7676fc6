import type { Clock } from '../../../src/common/clock.js';
import type { RunnerError } from '../../../src/contract/errors.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import type { PlannedRun } from '../../../src/contract/runtime.js';
import { RESULT_RULES, takeOverResults } from '../../../src/isolation/results/take-over.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import type { DaemonConnection } from '../connection/connection.js';
import { ask } from '../connection/ask.js';
import { collectFiles } from '../files/collect.js';
import { PATHS } from './create-options.js';

export interface Collecting {
  readonly connection: DaemonConnection;
  readonly clock: Clock;
  readonly run: PlannedRun;
  readonly onEvent: (event: RunEvent) => void;
}

/**
 * Takes the trainer's results out of its volume. May be done over and over while the container is there.
 * @returns why nothing was taken over, if the trainer left what it may not
 * @throws RunnerError `disk-full`; the daemon's errors
 */
export async function collectResults(
  containerId: string,
  { connection, ...taking }: Collecting,
): Promise<RunnerError | undefined> {
  const container = connection.docker.getContainer(containerId);
  return takeOverResults({
    ...taking,
    fetch: async (into) => {
      const { files } = await ask(ANSWER_MS.collect, (signal) =>
        collectFiles(container, PATHS.out, { into, ...RESULT_RULES, signal }),
      );
      return files;
    },
  });
}
