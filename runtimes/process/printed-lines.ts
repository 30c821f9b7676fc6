import type { Clock } from '../../src/common/clock.js';
import { TrainerLog } from '../../src/isolation/trainer-log.js';

/** What a trainer printed beside its messages, with the time at which it came. */
export class PrintedLines implements Disposable {
  private constructor(
    private readonly log: TrainerLog,
    private readonly clock: Clock,
  ) {}

  static open(path: string, clock: Clock): PrintedLines {
    return new PrintedLines(TrainerLog.open(path), clock);
  }

  add(stream: 'stdout' | 'stderr', text: string): void {
    const timestamp = new Date(this.clock.now()).toISOString();
    this.log.append([{ stream, timestamp, text, cutBytes: 0, bytes: Buffer.byteLength(text) }]);
  }

  [Symbol.dispose](): void {
    this.log.close();
  }
}

const MOST_CHARACTERS = 16 * 1024;

/** The end of what a trainer printed on its standard error: it may hold the cause of a crash. */
export class LastWords {
  text = '';

  add(line: string): void {
    this.text = `${this.text}${line}\n`.slice(-MOST_CHARACTERS);
  }
}
