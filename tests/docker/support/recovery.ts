/** Runs that are left by their process and taken over by this one. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../src/common/clock.js';
import { readEvents } from '../../../src/common/event-log.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import type { Runtime } from '../../../src/contract/runtime.js';
import { readRun } from '../../../src/orchestrator/read-run.js';
import { finishAbandoned } from '../../../src/orchestrator/recover.js';
import type { RunDirectory } from '../../../src/orchestrator/runs-directory.js';
import { dockerRuntime, type WatchedRun } from './runs.js';

/** As if the process that the run belongs to, which may be this one, had died. */
export function disown({ runDir }: RunDirectory): void {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const owner = JSON.stringify({ pid, host: hostname(), startTimeTicks: 1 });
  const taken = readdirSync(runDir).filter((name) => name.startsWith('.taken-'));
  for (const folder of ['.', ...taken]) writeFileSync(join(runDir, folder, 'owner.json'), owner);
}

/** Brings a run to its end that nobody alive owns. */
export async function recover(
  { runId, runDir }: RunDirectory,
  {
    runtime,
    signal = new AbortController().signal,
    onEvent,
  }: { runtime?: Runtime; signal?: AbortSignal; onEvent?: (event: RunEvent) => void } = {},
): Promise<WatchedRun> {
  const told: RunEvent[] = [];
  const finished = await finishAbandoned(
    await readRun({ runId, runDir }),
    {
      signal,
      onEvent: (event) => {
        told.push(event);
        onEvent?.(event);
      },
    },
    {
      createRuntime: async () => runtime ?? dockerRuntime(),
      clock: systemClock,
    },
  );
  return { ...finished, told };
}

/** What has been done for a run so far, by its journal. */
export function stepsOf({ runDir }: Pick<RunDirectory, 'runDir'>): string[] {
  const path = join(runDir, 'journal.ndjson');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { step: string }).step);
}

/** Every event is on the disk once, in order; the log is the trainer's own, to the byte. */
export async function expectWholeEvents({ runDir }: Pick<RunDirectory, 'runDir'>): Promise<void> {
  const events = await readEvents(join(runDir, 'events.ndjson'));
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
  expect(events.at(-1)).toMatchObject({ type: 'phase', name: 'save', state: 'end' });
}
