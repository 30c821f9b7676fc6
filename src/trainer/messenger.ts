import { writeSync } from 'node:fs';
import { isErrno } from '../common/errors.js';
import { toJson } from '../common/json.js';
import type { TrainerMessage } from '../contract/trainer-program.js';
import type { TrainingProgress } from '../contract/runtime.js';

/** A display shows no more, and a container's log keeps every line. */
const PROGRESS_INTERVAL_MS = 250;

export interface Messenger {
  readonly send: (message: TrainerMessage) => void;
  /** As `send`, but only now and then. */
  readonly sendProgress: (progress: TrainingProgress) => void;
}

/** Sends messages as lines to a descriptor. Each is written at once and whole: a crash right after loses none. */
export function createMessenger(fd: number, now: () => number = () => performance.now()): Messenger {
  let sentAt = -Infinity;
  const send = (message: TrainerMessage): void => writeAll(fd, Buffer.from(`${toJson(message)}\n`));
  return {
    send,
    sendProgress: (progress) => {
      if (now() - sentAt < PROGRESS_INTERVAL_MS) return;
      sentAt = now();
      send({ progress });
    },
  };
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // Nobody listens any more: the output folder has it all.
      if (isErrno(error, 'EPIPE')) return;
      // The reader of a non-blocking pipe is behind.
      if (!isErrno(error, 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
