import type { Container } from 'dockerode';
import { addAbortSignal, Readable } from 'node:stream';
import { describeError } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { Demuxer } from './demux.js';
import type { LogLine } from '../../../src/isolation/log-line.js';
import { LineAssembler, type OpenLine } from './lines.js';
import { SilenceWatch } from './silence-watch.js';

export interface LogStreamOptions {
  /** Docker's `since`; undefined reads from the start. */
  readonly since?: string | undefined;
  /** Docker's `tail`: only so many of the last parts of lines. */
  readonly tail?: number;
  /** Whether the container is known to have exited: only then is a last line without a line feed a whole one. */
  readonly hasExited: boolean;
  readonly isRunning: () => Promise<boolean>;
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** Called when the daemon has answered with a stream. */
  readonly onOpened?: () => void;
}

/** The lines that end in one chunk, and what has come of those that do not. */
export interface LogChunk {
  readonly lines: readonly LogLine[];
  readonly open: readonly OpenLine[];
}

/**
 * Reads a container's log over one connection, chunk by chunk and no faster than it is taken. It returns when the
 * daemon ends the stream, which it does for other reasons than the container's exit too.
 * @throws whatever broke the stream: nothing here says whether the container still runs
 */
export async function* readLogStream(
  container: Pick<Container, 'logs'>,
  { since, tail, hasExited, isRunning, idleMs, signal, onOpened }: LogStreamOptions,
): AsyncGenerator<LogChunk, void, undefined> {
  const silent = new AbortController();
  const watch = new SilenceWatch(isRunning, idleMs, (error) => {
    silent.abort(error);
  });
  try {
    watch.start();
    const stream = await openLog(container, { since, tail }, AbortSignal.any([signal, silent.signal]));
    onOpened?.();
    let lines: LogLine[] = [];
    const assembler = new LineAssembler((line) => lines.push(line));
    const demuxer = new Demuxer((piece) => {
      assembler.push(piece);
    });
    // However this loop is left, the stream is destroyed.
    for await (const chunk of stream) {
      watch.stop();
      parse(() => {
        demuxer.push(chunk as Buffer);
      });
      yield { lines, open: assembler.open };
      lines = [];
      watch.start();
    }
    parse(() => {
      demuxer.end();
    });
    if (!hasExited) return;
    assembler.flush();
    yield { lines, open: [] };
  } catch (error) {
    throw silent.signal.aborted ? silent.signal.reason : error;
  } finally {
    watch.stop();
  }
}

/** @throws RunnerError `daemon-failed` where the parser throws: what the daemon sent is no log */
function parse(parser: () => void): void {
  try {
    parser();
  } catch (error) {
    const message = `The daemon's log stream cannot be read: ${describeError(error)}.`;
    throw new RunnerError('daemon-failed', message, { cause: error });
  }
}

/** `logs` and not `attach`: an attached reader that pauses stops the container, and the daemon's handling of it. */
async function openLog(
  container: Pick<Container, 'logs'>,
  { since, tail }: { readonly since: string | undefined; readonly tail: number | undefined },
  signal: AbortSignal,
): Promise<Readable> {
  // Of a container that has exited, `follow` sends what there is and ends. Without it dockerode gathers the whole
  // log in memory.
  const stream = await container.logs({
    follow: true,
    stdout: true,
    stderr: true,
    timestamps: true,
    abortSignal: signal,
    ...(since !== undefined && { since }),
    ...(tail !== undefined && { tail }),
  });
  if (!(stream instanceof Readable)) throw new TypeError('dockerode gave no readable stream');
  return addAbortSignal(signal, stream);
}
