/** What runs have left behind that are over: processes, containers, volumes, temporary files. */
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { killMarked, markedProcesses } from '../blast-radius/marked-processes.js';
import type { Garbage } from '../../contract/garbage.js';
import type { Daemon } from '../services.js';

export interface Traces {
  /** What a process of the smoke test has on its command line: one of these. */
  readonly tokens: readonly string[];
  /** Absolute. */
  readonly runsDir: string;
  readonly runIds: readonly string[];
  /** Where there were runs in containers. */
  readonly daemon: Pick<Daemon, 'collectGarbage'> | undefined;
  /** The folder that the runs had for temporary files, and nobody else. */
  readonly tmpDir: string;
}

/** For what was just told to end to be gone. */
const SETTLE_MS = 1000;

/** Null where the system does not show its processes. */
export async function processesLeft({ tokens }: Pick<Traces, 'tokens'>): Promise<readonly number[] | null> {
  const look = async (): Promise<readonly number[] | null> => {
    const found = await Promise.all(tokens.map(markedProcesses));
    return found.includes(null) ? null : [...new Set(found.flatMap((pids) => pids ?? []))];
  };
  const first = await look();
  if (first === null || first.length === 0) return first;
  await sleep(SETTLE_MS);
  return await look();
}

/** @throws RunnerError of the daemon */
export async function thingsLeft(
  { daemon, runsDir, runIds }: Pick<Traces, 'daemon' | 'runsDir' | 'runIds'>,
  signal: AbortSignal,
): Promise<readonly Garbage[]> {
  const things = (await daemon?.collectGarbage({ dryRun: true, runsDir, signal })) ?? [];
  // A folder that is kept may hold runs of others.
  return things.filter(({ run }) => runIds.includes(run));
}

export const filesLeft = ({ tmpDir }: Pick<Traces, 'tmpDir'>): Promise<readonly string[]> => readdir(tmpDir);

const NEVER = new AbortController().signal;

/**
 * Takes away the folder of the smoke test, and what its runs have left where they failed or were stopped.
 * @throws RunnerError of the daemon
 */
export async function clearAway(
  { tokens, daemon, runsDir }: Pick<Traces, 'tokens' | 'daemon' | 'runsDir'>,
  folder: AsyncDisposable,
): Promise<void> {
  for (const token of tokens) await killMarked(token);
  await folder[Symbol.asyncDispose]();
  // Only now: runs that could still be finished keep what they have on the daemon until their directory is gone.
  await daemon?.collectGarbage({ dryRun: false, runsDir, signal: NEVER });
}
