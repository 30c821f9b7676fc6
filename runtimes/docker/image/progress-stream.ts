/** What the daemon tells while it builds, pulls or imports: a stream of JSON messages, one a line. */
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { RunnerError } from '../../../src/contract/errors.js';

/** What is read of a message; the rest differs between versions and builders. */
const messageSchema = z.object({
  /** Output of the builder: of one step, or a part of one line. */
  stream: z.string().optional(),
  /** Of a pull: what happens to a layer. */
  status: z.string().optional(),
  /** Of a pull: the layer. */
  id: z.string().optional(),
  progressDetail: z
    .object({ current: z.number().optional(), total: z.number().optional() })
    .nullable()
    .optional(),
  error: z.string().optional(),
  errorDetail: z.object({ message: z.string().optional() }).optional(),
});
export type DaemonMessage = z.infer<typeof messageSchema>;

/**
 * The messages of a stream, in order.
 * @throws RunnerError `daemon-failed` if what came is no message; what the stream itself throws
 */
export async function* readMessages(stream: AsyncIterable<Buffer | string>): AsyncGenerator<DaemonMessage> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const piece of stream) {
    const lines = (rest + (typeof piece === 'string' ? piece : decoder.write(piece))).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter(isFilled).map(parse);
  }
  yield* [rest + decoder.end()].filter(isFilled).map(parse);
}

const isFilled = (line: string): boolean => line.trim() !== '';
const isTold = (line: string): boolean => isFilled(line) && !NOISE.test(line);

function parse(line: string): DaemonMessage {
  try {
    return messageSchema.parse(JSON.parse(line));
  } catch (error) {
    throw new RunnerError('daemon-failed', `The daemon's answer is no message: ${line.slice(0, 200)}`, {
      cause: error,
    });
  }
}

/** The error that a message tells, or undefined. */
export const errorOf = ({ error, errorDetail }: DaemonMessage): string | undefined =>
  errorDetail?.message ?? error;

/** What the classic builder says of every step, whatever happens in it. */
const NOISE = /^ ---> |^Removing intermediate container /;

/** The last lines of an output that comes in pieces. */
export class LastLines {
  readonly #most: number;
  #lines: string[] = [];
  #rest = '';

  constructor(most: number) {
    this.#most = most;
  }

  add(piece: string): void {
    // Progress bars go back to the start of their line.
    const lines = (this.#rest + stripVTControlCharacters(piece)).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    this.#lines = [...this.#lines, ...lines.filter(isTold)].slice(-this.#most);
  }

  toString(): string {
    return [...this.#lines, this.#rest].filter(isTold).slice(-this.#most).join('\n');
  }
}
