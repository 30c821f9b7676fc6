/** The log of a bench: a line before and a line after each run, each on the disk before anything else is done. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppendFile, wholeLinesLength } from '../../common/append-file.js';
import { describeError } from '../../common/errors.js';
import { toJson } from '../../common/json.js';
import { describeIssues } from '../../common/parse.js';
import { RunnerError } from '../../contract/errors.js';
import { RUN_STATUSES } from '../../contract/run-outcome.js';
import { machineStateSchema } from './machine/state.js';
import { machineUseSchema } from './machine/use.js';

const LOG = 'log.ndjson';

const place = {
  /** Milliseconds since the Unix epoch. */
  at: z.number(),
  /** From 1; 0 is the warm-up. */
  round: z.int().min(0),
  side: z.string(),
  /** From 1; another one where a run was set aside. */
  attempt: z.int().min(1),
};

const begunSchema = z.object({ type: z.literal('run-begun'), ...place, machine: machineStateSchema });
const endedSchema = z.object({
  type: z.literal('run-ended'),
  ...place,
  /** Null where there was no run: the command failed before. */
  runId: z.string().nullable(),
  /**
   * `measured`: it counts. `failed`: it is kept, and its place in the round stays empty. `set-aside`: it was in flight when
   * the bench was stopped or killed, and ended otherwise than it would have; its place is taken by another run.
   */
  verdict: z.enum(['measured', 'failed', 'set-aside']),
  status: z.enum(RUN_STATUSES).nullable(),
  /** What went wrong, in a sentence. */
  message: z.string().nullable(),
  /** It went on while the bench was dead: what the machine did meanwhile is not known. */
  resumed: z.boolean(),
  /** Whether a container was waiting for it. */
  warm: z.boolean(),
  elapsedMs: z.number(),
  /** The figure that the bench's plan names. */
  figure: z.number().nullable(),
  machine: machineStateSchema,
  use: machineUseSchema.nullable(),
});
/** Another process has gone on from here. */
const resumedSchema = z.object({ type: z.literal('resumed'), at: z.number() });

const entrySchema = z.discriminatedUnion('type', [begunSchema, endedSchema, resumedSchema]);
export type LogEntry = z.infer<typeof entrySchema>;
export type EndedRun = z.infer<typeof endedSchema>;

export class BenchLog implements Disposable {
  private constructor(
    /** What was there when it was opened. */
    readonly earlier: readonly LogEntry[],
    private readonly file: AppendFile,
  ) {}

  /**
   * Goes on with the log of a bench, or starts it. An entry that the last process could not finish is cut off.
   * @throws RunnerError `run-corrupt` or `disk-full`
   */
  static open(folder: string): BenchLog {
    const path = join(folder, LOG);
    let earlier: LogEntry[] = [];
    const file = AppendFile.resume(path, (fd) => {
      const bytes = readFileSync(fd);
      const length = wholeLinesLength(bytes);
      earlier = parseLines(bytes.toString('utf8', 0, length), path);
      return length;
    });
    return new BenchLog(earlier, file);
  }

  append(entry: LogEntry): void {
    this.file.append(`${toJson(entry)}\n`, { flush: true });
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

function parseLines(text: string, path: string): LogEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const { success, data, error } = entrySchema.safeParse(parseJson(line));
      if (success) return data;
      throw new RunnerError('run-corrupt', `${path}, line ${index + 1}: ${describeIssues(error)}.`, {
        cause: error,
        hint: 'Begin another bench; the runs of this one are kept.',
      });
    });
}

/** What is no JSON fits no schema either, and is told so. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    return describeError(error);
  }
}
