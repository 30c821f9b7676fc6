import type { Readable } from 'node:stream';

/** Without a byte. */
const IDLE_MS = 60_000;
/** What is kept of the words of a refusal. */
const WORDS_BYTES = 64 * 1024;

/**
 * What a store gives back of a file. One that breaks off, or from which nothing comes any more, ends with a failure like
 * one that was refused: another attempt may have more luck.
 * @param asFailure what an error of the stream means
 */
export async function* readBack(
  content: Readable,
  asFailure: (error: unknown) => unknown,
  idleMs = IDLE_MS,
): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => {
    content.destroy(
      Object.assign(new Error(`nothing has come for ${idleMs / 1000} s`), { code: 'ETIMEDOUT' }),
    );
  }, idleMs);
  try {
    for await (const chunk of content as AsyncIterable<Uint8Array>) {
      timer.refresh();
      yield chunk;
    }
  } catch (error) {
    throw asFailure(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The beginning of a refusal, which has no end if the server has none. */
export async function readWords(content: Readable, asFailure: (error: unknown) => unknown): Promise<string> {
  const words: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop ends the stream.
  for await (const chunk of readBack(content, asFailure)) {
    words.push(chunk);
    bytes += chunk.length;
    if (bytes >= WORDS_BYTES) break;
  }
  return Buffer.concat(words).subarray(0, WORDS_BYTES).toString('utf8');
}
