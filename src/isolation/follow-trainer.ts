/** A trainer that outlives its runner, followed to its end: one way for every place where it may be. */
import { isTimeout } from '../common/abort-cause.js';
import type { Clock } from '../common/clock.js';
import { attachSuppressed } from '../common/errors.js';
import type { PlannedRun, RuntimeOptions } from '../contract/runtime.js';
import type { TrainerExitRecord } from '../contract/trainer-program.js';
import { LiveLog } from './live-log.js';
import type { LogLine } from './log-line.js';
import type { LogPosition } from './position.js';
import type { StopCause } from './stop-cause.js';

/** What a runtime's watch is given, whatever it watches. */
export interface TrainerWatch {
  readonly signal: AbortSignal;
  /** Where a predecessor's reading of the log got to. */
  readonly from: LogPosition;
  readonly onLines: (lines: readonly LogLine[]) => void;
  /** Why a predecessor has asked it to end, if it has: it is asked again. */
  readonly stopping: StopCause | undefined;
  /** Called before the trainer is asked to end. */
  readonly onStopping: (cause: StopCause) => void;
  readonly stopCause: () => StopCause;
}

/** Of a runtime's journal, as much as tells how a trainer was followed. */
interface TrainerJournal<End> {
  find(step: 'stopping'): { readonly cause: StopCause } | undefined;
  write(
    entry:
      | { readonly step: 'stopping'; readonly cause: StopCause }
      | { readonly step: 'ended'; readonly end: End & { readonly said: TrainerExitRecord | null } },
  ): void;
}

/**
 * Returns once `watch` has seen the trainer end, and that is in the journal; what it printed is then on the disk.
 * @throws what `watch` throws; RunnerError `run-corrupt`, `disk-full`
 */
export async function followTrainer<End extends object>(
  { runDir }: PlannedRun,
  { onEvent, onProgress, signal }: RuntimeOptions,
  {
    clock,
    journal,
    watch,
  }: {
    readonly clock: Clock;
    readonly journal: TrainerJournal<End>;
    readonly watch: (watching: TrainerWatch) => Promise<End>;
  },
): Promise<void> {
  const log = LiveLog.resume(runDir, { clock, onEvent, onProgress });
  let end: End;
  try {
    end = await watch({
      signal,
      from: log.position,
      onLines: (lines) => log.add(lines),
      stopping: journal.find('stopping')?.cause,
      onStopping: (cause) => {
        // The first cause is the one that counts, whoever comes after.
        if (journal.find('stopping') === undefined) journal.write({ step: 'stopping', cause });
      },
      stopCause: () => (isTimeout(signal) ? 'timeout' : 'cancel'),
    });
  } catch (error) {
    // On a full disk it may not even be closed in good order.
    throw attachSuppressed(error, log.closeAnyhow());
  }
  // All that was printed is on the disk itself before it is said to be.
  log.close();
  journal.write({ step: 'ended', end: { ...end, said: log.exit ?? null } });
}
