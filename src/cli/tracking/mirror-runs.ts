/** Every run that has ended, brought to a server again and again: what has not changed costs a look at three files. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { artifactPath, runPath } from '../../contract/run-directory.js';
import { runIds } from '../../orchestrator/find-run.js';
import { hasEnded, readRun } from '../../orchestrator/read-run.js';
import { isBeingCleared } from '../../orchestrator/recover.js';
import type { Recorded, RecordOptions, Tracking } from '../../tracking/tracking.js';
import { toRecord } from '../commands/log.js';

/** What failed is tried again after this long, and when the run has changed. */
const AGAIN_AFTER_MS = 60_000;

export interface MirrorOptions {
  readonly runsDir: string;
  readonly tracking: Pick<Tracking, 'isPending' | 'record'>;
  readonly record: RecordOptions;
  /** Milliseconds since some fixed moment. */
  readonly elapsed: () => number;
  readonly onRecorded: (runId: string, recorded: Recorded) => void;
  /** Told once a run and kind of failure. */
  readonly onFailed: (runId: string, error: RunnerError) => void;
}

interface Seen {
  /** What its files were like. */
  readonly mark: string;
  /** When to try again; infinite if it is recorded. */
  readonly againAt: number;
  readonly told: string | undefined;
}

export class RunMirror {
  readonly #seen = new Map<string, Seen>();

  constructor(private readonly options: MirrorOptions) {}

  /**
   * Records what the server lacks.
   * @throws RunnerError `run-not-found` if the runs directory cannot be read; the signal's reason
   */
  async round(): Promise<void> {
    const { runsDir, record, elapsed } = this.options;
    for (const runId of await runIds(runsDir)) {
      record.signal.throwIfAborted();
      const runDir = join(runsDir, runId);
      const mark = await markOf(runDir);
      const seen = this.#seen.get(runId);
      if (mark === undefined || (seen?.mark === mark && elapsed() < seen.againAt)) continue;
      const error = await this.#record(runId, runDir);
      // Another process is at it, or at the run itself, for as long as that takes.
      if (error?.code === 'tracking-busy') continue;
      if (error !== undefined && error.code !== seen?.told) this.options.onFailed(runId, error);
      const againAt = error === undefined ? Infinity : elapsed() + AGAIN_AFTER_MS;
      this.#seen.set(runId, { mark, againAt, told: error?.code });
    }
  }

  async #record(runId: string, runDir: string): Promise<RunnerError | undefined> {
    const { tracking, record, onRecorded } = this.options;
    try {
      const run = await readRun({ runId, runDir });
      if (!hasEnded(run)) return undefined;
      if (await isBeingCleared(run)) return stillBusy(runId);
      const toBe = await toRecord(run);
      if (!(await tracking.isPending(toBe))) return undefined;
      const recorded = await tracking.record(toBe, record);
      if (recorded.problem !== null) return recorded.problem;
      onRecorded(runId, recorded);
      return undefined;
    } catch (error) {
      record.signal.throwIfAborted();
      return toRunnerError(error);
    }
  }
}

const stillBusy = (runId: string): RunnerError =>
  new RunnerError('tracking-busy', `The process of run ${runId} is still clearing up.`);

/** Undefined for a run that has not ended, or was removed meanwhile. */
async function markOf(runDir: string): Promise<string | undefined> {
  const [outcome, ...others] = await Promise.all(
    [runPath(runDir, 'outcome'), artifactPath(runDir, 'manifest'), runPath(runDir, 'events')].map(stampOf),
  );
  return outcome === undefined ? undefined : JSON.stringify([outcome, ...others]);
}

async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { mtimeNs, size } = await stat(path, { bigint: true });
    return `${mtimeNs}:${size}`;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw toRunnerError(error, path);
  }
}
