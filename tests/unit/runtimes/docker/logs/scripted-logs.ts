import type { Container } from 'dockerode';
import { Readable } from 'node:stream';
import { sinceOf } from '../../../../../src/isolation/position.js';
import { framesOf, stampAt, type Printed } from './log-frames.js';

/** What becomes of one request for the log. */
export interface Attempt {
  /** How many bytes are sent before that; all by default. */
  readonly bytes?: number;
  /** `end`: as a stream that is through. `break`: a lost connection. `hang`: nothing more, ever. An error: no stream. */
  readonly then: 'end' | 'break' | 'hang' | Error;
  /** How much of the log is there when it is asked for; all by default. */
  readonly lines?: number;
}

interface Asked {
  readonly since?: string;
  readonly tail?: number;
}

/** A container whose log is handed out as Docker does it, with the accidents of a script. */
export class ScriptedLogs {
  /** `since` of each request but those for the end of the log, which is always whole. */
  readonly asked: (string | undefined)[] = [];
  readonly streams: Readable[] = [];
  readonly #log: readonly Printed[];
  readonly #attempts: Attempt[];

  /** @param attempts one a request; the last goes on */
  constructor(log: readonly Printed[], attempts: readonly Attempt[]) {
    this.#log = log;
    this.#attempts = [...attempts];
  }

  get container(): Pick<Container, 'logs'> {
    return { logs: (options: Asked) => this.#answer(options) } as unknown as Pick<Container, 'logs'>;
  }

  #answer({ since, tail }: Asked): Promise<Readable> {
    if (tail === undefined) return this.#open(since);
    const frames = this.#log.flatMap(framesOf);
    const stream = sending(Buffer.concat(frames.slice(-tail)), 'end');
    this.streams.push(stream);
    return Promise.resolve(stream);
  }

  #open(since: string | undefined): Promise<Readable> {
    this.asked.push(since);
    const [attempt] = this.#attempts.length > 1 ? this.#attempts.splice(0, 1) : this.#attempts;
    if (attempt === undefined) throw new Error('the script is empty');
    const { then, lines = this.#log.length } = attempt;
    if (then instanceof Error) return Promise.reject(then);
    const wanted = this.#log
      .slice(0, lines)
      .filter(({ at }) => since === undefined || momentOf(at) >= Number(since));
    const bytes = Buffer.concat(wanted.flatMap(framesOf)).subarray(0, attempt.bytes);
    const stream = sending(bytes, then);
    this.streams.push(stream);
    return Promise.resolve(stream);
  }
}

const CHUNK_BYTES = 1000;

function sending(bytes: Buffer, then: 'end' | 'break' | 'hang'): Readable {
  let sent = 0;
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      const chunk = bytes.subarray(sent, sent + CHUNK_BYTES);
      sent += chunk.length;
      if (chunk.length > 0) this.push(chunk);
      else if (then === 'end') this.push(null);
      else if (then === 'break') this.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    },
  });
}

/** Microseconds are as fine as a number gets here. */
const momentOf = (at: number): number => {
  const since = sinceOf({
    stdout: { timestamp: stampAt(at), seen: 1 },
    stderr: { timestamp: stampAt(at), seen: 1 },
  });
  return Number(since);
};
