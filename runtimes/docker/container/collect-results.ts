/** The trainer's results, out of its volume and into the run directory: checked first, then moved in whole. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { syncDirectory } from '../../../src/common/atomic-file.js';
import type { Clock } from '../../../src/common/clock.js';
import { isErrno } from '../../../src/common/errors.js';
import { EventLog, readEvents } from '../../../src/common/event-log.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { RUN_FILES, runPath } from '../../../src/contract/run-directory.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import type { PlannedRun } from '../../../src/contract/runtime.js';
import { readExitRecord } from '../../../src/isolation/exit-record.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import type { DaemonConnection } from '../connection/connection.js';
import { ask } from '../connection/ask.js';
import { collectFiles } from '../files/collect.js';
import { verifyManifest } from '../files/manifest.js';
import { PATHS } from './create-options.js';

/** What a trainer may leave in its volume. */
const ALLOWED = [RUN_FILES.events, RUN_FILES.exit, RUN_FILES.artifacts, RUN_FILES.checkpoints];
/** What one that was killed may have left there in the middle of its work: of a traced step, and of exit.json. */
const SCRATCH = /^(traced-step-|\.exit\.json\..*\.tmp$)/;
const LIMITS = { maxBytes: 2 * 1024 ** 3 };
const FOLDER = '.collected';

export interface Collecting {
  readonly connection: DaemonConnection;
  readonly clock: Clock;
  readonly run: PlannedRun;
  readonly onEvent: (event: RunEvent) => void;
}

/**
 * May be done over and over while the container is there.
 * @returns why nothing was taken over, if the trainer left what it may not
 * @throws RunnerError `disk-full`; the daemon's errors
 */
export async function collectResults(
  containerId: string,
  { connection, clock, run, onEvent }: Collecting,
): Promise<RunnerError | undefined> {
  const into = join(run.runDir, FOLDER);
  await rm(into, { recursive: true, force: true });
  try {
    const container = connection.docker.getContainer(containerId);
    const { files } = await ask(ANSWER_MS.collect, (signal) =>
      collectFiles(container, PATHS.out, { into, allow: ALLOWED, ignore: SCRATCH, limits: LIMITS, signal }),
    );
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
