/** A trainer's results, into the run directory: checked first, then moved in whole. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { syncDirectory } from '../../common/atomic-file.js';
import type { Clock } from '../../common/clock.js';
import { isErrno } from '../../common/errors.js';
import { EventLog, readEvents } from '../../common/event-log.js';
import { RunnerError } from '../../contract/errors.js';
import { RUN_FILES, runPath } from '../../contract/run-directory.js';
import type { RunEvent } from '../../contract/run-event.js';
import type { PlannedRun } from '../../contract/runtime.js';
import { readExitRecord } from '../exit-record.js';
import type { CheckOptions } from './archive-check.js';
import type { CollectedFile } from './extract.js';
import { verifyManifest } from './manifest.js';

/** What a trainer may leave in its folder, and how much of it. */
export const RESULT_RULES = {
  allow: [RUN_FILES.events, RUN_FILES.exit, RUN_FILES.artifacts, RUN_FILES.checkpoints],
  /** What one that was killed may have left there in the middle of its work: of a traced step, and of exit.json. */
  ignore: /^(traced-step-|\.exit\.json\..*\.tmp$)/,
  limits: { maxBytes: 2 * 1024 ** 3 },
} satisfies Omit<CheckOptions, 'top'>;

const FOLDER = '.collected';

export interface TakingOver {
  readonly clock: Clock;
  readonly run: PlannedRun;
  readonly onEvent: (event: RunEvent) => void;
  /** Fetches the results into a folder that it makes; each is plain and allowed by RESULT_RULES. */
  readonly fetch: (into: string) => Promise<readonly CollectedFile[]>;
}

/**
 * May be done over and over while the results are where `fetch` finds them.
 * @returns why nothing was taken over, if the trainer left what it may not
 * @throws RunnerError `disk-full`; what `fetch` throws
 */
export async function takeOverResults({
  clock,
  run,
  onEvent,
  fetch,
}: TakingOver): Promise<RunnerError | undefined> {
  const into = join(run.runDir, FOLDER);
  await rm(into, { recursive: true, force: true });
  try {
    const files = await fetch(into);
    if ((await readExitRecord(into))?.status === 'succeeded') await verifyManifest(files, into);
    const events = await eventsIn(into);
    await takeOverEvents(events, runPath(run.runDir, 'events'), clock, onEvent);
    await moveIn(into, run.runDir);
    return undefined;
  } catch (error) {
    if (error instanceof RunnerError && error.code === 'artifact-rejected') return error;
    throw error;
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}

/** The end of a trainer, whatever it shows: what it left is not to be trusted, its own word on the training included. */
export const rejectedEnd = (error: RunnerError) =>
  ({ status: 'failed', reason: 'artifact-rejected', message: error.message, error }) as const;

async function eventsIn(folder: string): Promise<RunEvent[]> {
  const path = join(folder, RUN_FILES.events);
  try {
    return await readEvents(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    if (!(error instanceof RunnerError)) throw error;
    throw new RunnerError('artifact-rejected', `The trainer's event log is no event log: ${error.message}`, {
      cause: error,
    });
  }
}

/** Those that the stream has lost come from the trainer's own log, which must begin as the stream did. */
async function takeOverEvents(
  events: readonly RunEvent[],
  path: string,
  clock: Clock,
  onEvent: (event: RunEvent) => void,
): Promise<void> {
  using log = EventLog.resume(path, clock);
  const known = await readEvents(path);
  const differs = known.find((event, index) => !isDeepStrictEqual(event, events[index]));
  // A trainer that was killed may have said more than it had written.
  if (differs !== undefined && differs.seq < events.length) {
    throw new RunnerError(
      'artifact-rejected',
      `Event ${differs.seq} of the trainer's log is not the one that it sent.`,
    );
  }
  for (const event of events.slice(log.next)) {
    log.copy(event);
    onEvent(event);
  }
}

async function moveIn(from: string, runDir: string): Promise<void> {
  for (const name of [RUN_FILES.checkpoints, RUN_FILES.artifacts, RUN_FILES.exit]) {
    const target = join(runDir, name);
    try {
      await rm(target, { recursive: true, force: true });
      await rename(join(from, name), target);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
  await syncDirectory(runDir);
}
