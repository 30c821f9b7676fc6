import type { RunEvent } from '../../src/contract/run-event.js';
import type { RuntimeOptions } from '../../src/contract/runtime.js';
import type { TrainerExitRecord } from '../../src/contract/trainer-program.js';
import type { LogLine } from '../../src/isolation/log-line.js';
import { readMessage } from '../../src/isolation/messages.js';
import type { TrainerLog } from '../../src/isolation/trainer-log.js';

const MOST_CHARACTERS = 16 * 1024;

/** Takes the lines of a trainer as they come: its messages to whom they are for, what else was printed into trainer.log. */
export class LiveOutput {
  /** How the trainer said that it ended. */
  said: TrainerExitRecord | undefined;
  /** The end of what it printed on its standard error: it may hold the cause of a crash. */
  lastWords = '';
  #next = 0;

  constructor(
    private readonly log: TrainerLog,
    private readonly listeners: Pick<RuntimeOptions, 'onEvent' | 'onProgress'>,
  ) {}

  add(lines: readonly LogLine[]): void {
    const printed = lines.filter((line) => !this.#isMessage(line));
    this.log.append(printed);
    for (const { stream, text } of printed) {
      if (stream === 'stderr') this.lastWords = `${this.lastWords}${text}\n`.slice(-MOST_CHARACTERS);
    }
  }

  /** Tells the events of its log that it has not come to tell: each was there before. */
  tellRest(events: readonly RunEvent[]): void {
    for (const event of events) if (event.seq >= this.#next) this.#tell(event);
  }

  #isMessage({ stream, text }: LogLine): boolean {
    const message = stream === 'stdout' ? readMessage(text) : undefined;
    if (message === undefined) return false;
    if ('event' in message) this.#tell(message.event);
    else if ('progress' in message) this.listeners.onProgress?.(message.progress);
    else if ('exit' in message) this.said = message.exit;
    return true;
  }

  #tell(event: RunEvent): void {
    this.listeners.onEvent(event);
    this.#next = event.seq + 1;
  }
}
