import type { Clock } from '../common/clock.js';
import { EventLog } from '../common/event-log.js';
import { runPath } from '../contract/run-directory.js';
import type { RuntimeOptions } from '../contract/runtime.js';
import type { TrainerExitRecord } from '../contract/trainer-program.js';
import { readMessage } from './messages.js';
import type { LogLine } from './log-line.js';
import type { LogPosition } from './position.js';
import { TrainerLog } from './trainer-log.js';

interface Listeners {
  readonly clock: Clock;
  readonly onEvent: RuntimeOptions['onEvent'];
  readonly onProgress: RuntimeOptions['onProgress'] | undefined;
}

/**
 * Takes the lines of a trainer as they come: events into events.ndjson, each once and in order, and what else was
 * printed into trainer.log. Both files say where a successor has to go on.
 */
export class LiveLog implements Disposable {
  /** How the trainer said that it ended. */
  exit: TrainerExitRecord | undefined;

  private constructor(
    private readonly runDir: string,
    private readonly events: EventLog,
    private readonly printed: TrainerLog,
    private readonly listeners: Listeners,
  ) {}

  /** @throws RunnerError `run-corrupt`, `disk-full` */
  static resume(runDir: string, listeners: Listeners): LiveLog {
    const events = EventLog.resume(runPath(runDir, 'events'), listeners.clock);
    try {
      return new LiveLog(runDir, events, TrainerLog.open(runPath(runDir, 'trainerLog')), listeners);
    } catch (error) {
      events.close();
      throw error;
    }
  }

  get position(): LogPosition {
    return this.printed.position;
  }

  add(lines: readonly LogLine[]): void {
    const printed = lines.filter((line) => !this.#isMessage(line));
    if (printed.length > 0) this.printed.append(printed);
  }

  /** Flushes to the disk itself; may be called again. @throws RunnerError `disk-full` */
  close(): void {
    try {
      this.events.close();
    } finally {
      this.printed.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @returns what kept it from being closed in good order */
  closeAnyhow(): readonly unknown[] {
    try {
      this.close();
      return [];
    } catch (error) {
      return [error];
    }
  }

  /**
   * An event that was here before comes again when a stream is taken up anew. One after a gap is left for the
   * trainer's own log, which is whole.
   */
  #isMessage({ stream, text }: LogLine): boolean {
    if (stream !== 'stdout') return false;
    const message = readMessage(text);
    if (message === undefined) return false;
    if ('event' in message && message.event.seq === this.events.next) {
      this.events.copy(message.event);
      this.listeners.onEvent(message.event);
    }
    if ('progress' in message) this.listeners.onProgress?.(message.progress);
    if ('exit' in message) this.exit = message.exit;
    return true;
  }
}
