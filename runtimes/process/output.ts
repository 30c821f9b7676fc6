/** What a trainer in a process of its own prints, held to what holds for every isolated trainer. */
import type { Clock } from '../../src/common/clock.js';
import { LineSplitter } from '../../src/isolation/line-splitter.js';
import type { LogBudget } from '../../src/isolation/log-budget.js';
import type { LogLine, StreamName } from '../../src/isolation/log-line.js';

export interface OutputOptions {
  readonly clock: Clock;
  readonly budget: LogBudget;
  /** Takes the lines that end in one chunk. What it throws ends the trainer. */
  readonly onLines: (lines: readonly LogLine[]) => void;
  /** It has printed more than it may: nothing of what comes after is handed out. To end it is the caller's. */
  readonly onFlood: () => void;
}

/** As much of execa's subprocess as is used here. */
interface PrintingProcess {
  iterable(options: { readonly from: StreamName; readonly binary: true }): AsyncIterable<Uint8Array>;
  kill(signal: 'SIGKILL'): boolean;
}

export class ProcessOutput {
  readonly #streams: readonly ProcessStream[];
  #isFlooded = false;

  constructor(
    private readonly child: PrintingProcess,
    private readonly options: OutputOptions,
  ) {
    this.#streams = [new ProcessStream('stdout', options.clock), new ProcessStream('stderr', options.clock)];
  }

  /** To the end of both streams. @throws what `onLines` throws, once the trainer has ended for it */
  async read(): Promise<void> {
    await Promise.all(this.#streams.map((stream) => this.#readStream(stream)));
  }

  async #readStream(stream: ProcessStream): Promise<void> {
    // To leave the loop is to wait for its end.
    for await (const chunk of this.child.iterable({ from: stream.name, binary: true })) {
      this.#take(stream.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
    }
    this.#take(stream.flush());
  }

  #take(lines: readonly LogLine[]): void {
    if (this.#isFlooded) return;
    try {
      if (lines.length > 0) this.options.onLines(lines);
    } catch (error) {
      this.child.kill('SIGKILL');
      throw error;
    }
    const { budget, onFlood } = this.options;
    budget.count(lines);
    this.#isFlooded = budget.isExceeded(this.#streams.reduce((sum, { openBytes }) => sum + openBytes, 0));
    if (this.#isFlooded) onFlood();
  }
}

class ProcessStream {
  readonly #splitter: LineSplitter;
  #lines: LogLine[] = [];
  /** When the chunk came with the first part of the line that has not ended. */
  #begun = '';
  #now = '';

  constructor(
    readonly name: StreamName,
    private readonly clock: Clock,
  ) {
    this.#splitter = new LineSplitter((line) => {
      this.#lines.push({ stream: name, timestamp: this.#begun, ...line });
      this.#begun = this.#now;
    });
  }

  get openBytes(): number {
    return this.#splitter.bytes;
  }

  push(chunk: Buffer): readonly LogLine[] {
    this.#now = new Date(this.clock.now()).toISOString();
    if (this.#splitter.bytes === 0) this.#begun = this.#now;
    this.#splitter.push(chunk);
    return this.#taken();
  }

  flush(): readonly LogLine[] {
    this.#splitter.flush();
    return this.#taken();
  }

  #taken(): readonly LogLine[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
