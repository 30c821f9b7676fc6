/**
 * What all of them came to, once each has ended: what one has begun is not left behind because another has failed.
 * @throws the error of the first of them, in their order, that has failed
 */
export async function allEnded<T extends readonly unknown[]>(
  work: readonly [...T],
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
