/** What an isolated trainer says, read by schema: nothing that it prints is trusted to be what it looks like. */
import { trainerMessageSchema } from '../contract/trainer-program.js';
import type { TrainerMessage } from '../contract/trainer-program.js';

/** The message in a line of the trainer's standard output, or undefined if the line is none: somebody printed it. */
export function readMessage(line: string): TrainerMessage | undefined {
  // Every message begins so; a job may print a million lines that do not.
  if (!line.startsWith('{"')) return undefined;
  try {
    return trainerMessageSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
