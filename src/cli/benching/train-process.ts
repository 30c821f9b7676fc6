/** One run of a bench or of a smoke test: `runner train` in a process of its own, so that start-up, memory and processor time are honest. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { lastLines } from '../../common/last-lines.js';
import type { CliIo } from '../io.js';

const errorSchema = z.object({ message: z.string(), hint: z.string() });
const recordedSchema = z.object({
  /** Whether the server has all of it. */
  complete: z.boolean(),
  /** Of the run's page there. */
  url: z.string().optional(),
  error: errorSchema.optional(),
});
export type RecordedDocument = z.infer<typeof recordedSchema>;

/** What is read of the document of `runner train --json`; figures are read from the run itself. */
const documentSchema = z.object({
  runId: z.string().optional(),
  error: errorSchema.optional(),
  tracking: recordedSchema.optional(),
});

export interface TrainedRun {
  /** Undefined where there was no run. */
  readonly runId: string | undefined;
  /** What went wrong, if anything did. */
  readonly message: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** What the tracking server has of it; undefined where it was not to be recorded. */
  readonly tracking?: RecordedDocument | undefined;
}

/**
 * Runs a command line of `runner train` to its end. Once the signal is aborted the run is asked to end in good order.
 * @param args without the name of the program
 */
export type TrainOnce = (args: readonly string[], signal: AbortSignal) => Promise<TrainedRun>;

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const LAST_LINES = 3;

/** The command line of this very build, in this environment and folder. */
export const trainInProcess =
  ({ env, cwd }: Pick<CliIo, 'env' | 'cwd'>): TrainOnce =>
  async (args, signal) => {
    const { execa } = await import('execa');
    const child = execa(process.execPath, [MAIN, ...args], {
      ...{ env, extendEnv: false, cwd, stdin: 'ignore', reject: false },
    });
    // In a terminal Ctrl-C reaches it by itself as well; it takes the two for one.
    const stop = (): void => void child.kill('SIGINT');
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const { stdout, stderr, exitCode, signal: killer } = await child;
      const document = readDocument(stdout);
      const ended =
        exitCode === 0 ? undefined : `It ended with ${killer ?? `exit status ${exitCode ?? '?'}`}`;
      const words = lastLines(stderr, LAST_LINES);
      return {
        runId: document?.runId,
        message: document?.error?.message ?? (ended && `${ended}${words === '' ? '.' : `: ${words}`}`),
        hint: document?.error?.hint,
        tracking: document?.tracking,
      };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };

/** Undefined of a process that was killed before it could write it whole. */
function readDocument(stdout: string): z.infer<typeof documentSchema> | undefined {
  try {
    return documentSchema.parse(JSON.parse(stdout));
  } catch {
    return undefined;
  }
}
