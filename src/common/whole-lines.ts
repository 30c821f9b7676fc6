import type { FileHandle } from 'node:fs/promises';
import { RunnerError } from '../contract/errors.js';

const CHUNK_BYTES = 64 * 1024;
/** No event comes near; what does is no event log, and is not to fill the memory. */
const MOST_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The lines of a file from a byte on, without their newlines; a last one without is not given. Holds one line and one
 * piece of the file.
 * @param path for the message
 * @throws RunnerError `run-corrupt` if a line does not end within 16 MiB
 */
export async function* wholeLines(file: FileHandle, path: string, offset: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let held: Buffer[] = [];
  let heldBytes = 0;
  for (let position = offset; ;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    let start = 0;
    for (;;) {
      const end = chunk.subarray(0, bytesRead).indexOf(NEWLINE, start);
      if (end === -1) break;
      yield Buffer.concat([...held, chunk.subarray(start, end)]);
      [held, heldBytes, start] = [[], 0, end + 1];
    }
    held.push(Buffer.from(chunk.subarray(start, bytesRead)));
    heldBytes += bytesRead - start;
    if (heldBytes > MOST_LINE_BYTES) {
      throw new RunnerError(
        'run-corrupt',
        `${path}: the line that starts at byte ${position - heldBytes} does not end within ${MOST_LINE_BYTES} bytes.`,
      );
    }
  }
}
