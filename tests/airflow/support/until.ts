import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST_MS = 180_000;

/**
 * Asks again until there is an answer.
 * @param what ends the sentence “waited in vain for …”
 * @param ask undefined for not yet
 * @returns the answer
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  { everyMs = 200, withinMs = LONGEST_MS }: { readonly everyMs?: number; readonly withinMs?: number } = {},
): Promise<T> {
  const end = Date.now() + withinMs;
  while (Date.now() < end) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(everyMs);
  }
  throw new Error(`waited in vain for ${what}`);
}
