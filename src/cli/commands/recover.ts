import { availableParallelism } from 'node:os';
import { reworded, toRunnerError } from '../../common/errors.js';
import { EXIT, type RunnerError } from '../../contract/errors.js';
import { placeOf } from '../../orchestrator/find-run.js';
import { finishAbandoned, listAbandoned, mayGoOn } from '../../orchestrator/recover.js';
import { printable } from '../../report/printable.js';
import { readRunsDir } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import type { describeFailure } from '../output.js';
import { listenForSignals, unlessAborted } from '../signals.js';
import { tellEach } from '../tell-each.js';
import { leftoverMember, noteLeftover } from '../tell-run.js';
import { recoveryTools } from '../training/recovery-tools.js';

/** A run that is recovered is never cancelled by that. */
const NEVER = new AbortController().signal;
const BAD_ENDS: readonly string[] = ['failed', 'timed-out', 'lost'];

interface Recovered {
  readonly mode: string;
  /** `cleared` if it had its outcome already, `taken` if another process has it in hand. */
  readonly how: keyof typeof LINES;
  readonly status: string;
  readonly reason?: string | null;
  readonly weightsDigest?: string | null;
  readonly leftover?: ReturnType<typeof describeFailure>;
}

const LINES = {
  finished: (runId: string, status: string) => `${runId} ${status}`,
  cleared: (runId: string, status: string) => `${runId} had ended (${status}); what it left is removed`,
  taken: (runId: string) => `${runId} is in the hands of another process`,
};

/**
 * `runner recover`: brings each run of the runs directory to its outcome whose process has died.
 * @returns 1 if one of them failed or is lost
 */
export async function recover(context: CliContext, flags: Flags): Promise<number> {
  const { io, signals, clock, output } = context;
  const runsDir = await readRunsDir(context, flags);
  const runs = await listAbandoned(runsDir);
  if (runs.length === 0) {
    const place = await placeOf(runsDir);
    output.result({ runs: [] }, () => `There is nothing to recover in ${place}.`);
    return EXIT.succeeded;
  }
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => undefined,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const tools = recoveryTools(context, { note: (text) => output.note(printable(text)), signal });
  const options = { signal: NEVER, onEvent: () => undefined };
  const all = () =>
    tellEach(context, runs, {
      member: 'runs',
      atOnce: availableParallelism(),
      failed: EXIT.runFailed,
      async work(run): Promise<Recovered> {
        const { mode } = run.spec;
        try {
          const finished = await finishAbandoned(run, options, tools);
          const { status, reason, training } = finished.outcome;
          const told = { mode, status, reason, weightsDigest: training.weightsDigest };
          if (!mayGoOn(run)) {
            // Clearing away is all that there was to do.
            if (finished.leftover) throw finished.leftover;
            return { ...told, how: 'cleared' };
          }
          noteLeftover(output, finished);
          return { ...told, how: 'finished', ...leftoverMember(finished) };
        } catch (error) {
          if (toRunnerError(error).code !== 'run-busy') throw error;
          return { mode, how: 'taken', status: run.state };
        }
      },
      line: ({ runId }, done) => LINES[done.how](runId, done.status),
      isBad: ({ how, status }) => how === 'finished' && BAD_ENDS.includes(status),
    });
  try {
    return await unlessAborted(signal, all);
  } catch (error) {
    throw error === signal.reason ? leftAlone(error) : error;
  }
}

function leftAlone(reason: unknown): RunnerError {
  const error = toRunnerError(reason);
  return reworded(error, {
    message: `${error.message} Runs that were not through go on in their containers.`,
    hint: '`runner recover` finishes them another time.',
  });
}
