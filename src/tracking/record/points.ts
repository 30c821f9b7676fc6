import { open, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { isErrno, reworded, toRunnerError } from '../../common/errors.js';
import { parseEvent } from '../../common/event-log.js';
import { wholeLines } from '../../common/whole-lines.js';
import { RunnerError } from '../../contract/errors.js';
import type { RunEvent } from '../../contract/run-event.js';
import { pointsOfEvent, type EventPoints } from './event-points.js';
import type { MetricPoint } from './run-record.js';

/** How far an event log was read: all that reading on needs, so it may be kept in a file. */
export const eventCursorSchema = z.strictObject({
  /** In bytes, to the start of a line. */
  offset: z.int().min(0),
  /** `seq` of the event on that line. */
  seq: z.int().min(0),
  step: z.int().min(0),
  cpu: z.strictObject({ t: z.number(), cpuSeconds: z.number() }).nullable(),
});
export type EventCursor = z.infer<typeof eventCursorSchema>;

export const EVENTS_START: EventCursor = { offset: 0, seq: 0, step: 0, cpu: null };

export interface PointsRead {
  readonly points: readonly MetricPoint[];
  /** Where to read on. */
  readonly next: EventCursor;
  /** Keys that a server would not take → what stands in their place in `points`. */
  readonly renamed: Readonly<Record<string, string>>;
  /** No whole line is left, for now: a last one without its newline is still being written. */
  readonly atEnd: boolean;
}

/**
 * Reads events.ndjson on from a cursor, as points. The same file gives the same points wherever it is cut, so that a
 * process that goes on after another sends what that would have sent. Holds one line and one piece of the file.
 * @param limit most points; an event is never divided, so one that has more is given whole
 * @throws RunnerError `run-corrupt` naming the line, if the line at the cursor is no event, or not the next: what is
 *   before such a line is always given first. `file-unusable`
 */
export async function readPoints(path: string, from: EventCursor, limit: number): Promise<PointsRead> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size < from.offset) {
      throw new RunnerError(
        'run-corrupt',
        `${path} has ${size} bytes, but ${from.offset} were read of it before: it is not the same file.`,
      );
    }
    return await collect(file, path, from, limit);
  } catch (error) {
    // A run that has not begun to train.
    if (isErrno(error, 'ENOENT') && from.offset === 0) {
      return { points: [], next: from, renamed: {}, atEnd: true };
    }
    throw toRunnerError(error, path);
  }
}

/**
 * The same, piece after piece up to the last whole line: the next is read while whoever asks is at work on the one
 * before. What is wrong with a piece is thrown once that before it is done with.
 */
export async function* readAhead(
  path: string,
  from: EventCursor,
  limit: number,
): AsyncGenerator<PointsRead, void> {
  let reading = readPoints(path, from, limit);
  try {
    for (let atEnd = false; !atEnd;) {
      const read = await reading;
      ({ atEnd } = read);
      if (!atEnd) reading = seenLater(readPoints(path, read.next, limit));
      yield read;
    }
  } finally {
    // No file stays open behind the caller's back; what was wrong with it is not asked for any more.
    await reading.catch(() => undefined);
  }
}

/** A failure that is met by whoever awaits this is none that nobody has handled. */
function seenLater<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

async function collect(
  file: FileHandle,
  path: string,
  from: EventCursor,
  limit: number,
): Promise<PointsRead> {
  const points: MetricPoint[] = [];
  const renamed: Record<string, string> = {};
  let next = from;
  const result = (atEnd: boolean): PointsRead => ({ points, next, renamed, atEnd });
  try {
    for await (const line of wholeLines(file, path, from.offset)) {
      const { context, ...read } = readLine(line, path, next);
      if (points.length > 0 && points.length + read.points.length > limit) return result(false);
      points.push(...read.points);
      Object.assign(renamed, read.renamed);
      next = { offset: next.offset + line.length + 1, seq: next.seq + 1, ...context };
    }
  } catch (error) {
    // What came before is given now; the call that begins with what is wrong meets it again.
    if (!(error instanceof RunnerError) || next === from) throw error;
    return result(false);
  }
  return result(true);
}

/** @throws RunnerError `run-corrupt` */
function readLine(line: Buffer, path: string, { seq, offset, step, cpu }: EventCursor): EventPoints {
  let event: RunEvent;
  try {
    event = parseEvent(line.toString('utf8'), path, seq);
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    const message = `${error.message} The line starts at byte ${offset}; what is before it is kept.`;
    throw reworded(error, { message });
  }
  return pointsOfEvent(event, { step, cpu });
}
