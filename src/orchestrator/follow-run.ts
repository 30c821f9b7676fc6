import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '../common/errors.js';
import { readEvents } from '../common/event-log.js';
import { runPath } from '../contract/run-directory.js';
import type { RunEvent } from '../contract/run-event.js';
import { hasEnded, readRun } from './read-run.js';
import type { StoredRun } from './read-run.js';
import type { RunDirectory } from './runs-directory.js';

const POLL_MS = 200;

/**
 * Watches a run that another process brings to its end, by its directory alone.
 * @returns the run once it has ended, or its process has died
 * @throws the signal's reason once it is aborted; the run goes on
 */
export async function followRun(
  run: RunDirectory,
  { onEvent, signal }: { readonly onEvent: (event: RunEvent) => void; readonly signal: AbortSignal },
): Promise<StoredRun> {
  let told = 0;
  for (;;) {
    // State before events: all of an ended run's events are then told.
    const stored = await readRun(run);
    const events = await eventsOf(run.runDir);
    for (const event of events.slice(told)) onEvent(event);
    told = Math.max(told, events.length);
    if (hasEnded(stored) || stored.state === 'unfinished') return stored;
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function eventsOf(runDir: string): Promise<RunEvent[]> {
  try {
    return await readEvents(runPath(runDir, 'events'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
