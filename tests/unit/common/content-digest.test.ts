import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ContentHash, PART_BYTES } from '../../../src/common/content-digest.js';

const hex = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** What S3 calls a composite checksum: the digest of the parts' digests. */
function composite(content: Uint8Array): string {
  const parts = createHash('sha256');
  for (let at = 0; at < content.length; at += PART_BYTES)
    parts.update(
      createHash('sha256')
        .update(content.subarray(at, at + PART_BYTES))
        .digest(),
    );
  return parts.digest('hex');
}

describe('ContentHash', () => {
  it.each([
    ['nothing', 0],
    ['a few bytes', 5],
    ['exactly one part', PART_BYTES],
  ])('of %s is the sha256 of all of it, and of no parts', (_, bytes) => {
    const content = randomBytes(bytes);
    expect(new ContentHash().update(content).digest()).toStrictEqual({ bytes, sha256: hex(content) });
  });

  it.each([
    ['one byte more than a part', PART_BYTES + 1],
    ['exactly two parts', 2 * PART_BYTES],
    ['two parts and a half', 2.5 * PART_BYTES],
  ])('of %s has the sha256 of its parts, too', (_, bytes) => {
    const content = randomBytes(bytes);
    expect(new ContentHash().update(content).digest()).toStrictEqual({
      ...{ bytes, sha256: hex(content) },
      parts: { bytes: PART_BYTES, sha256: composite(content) },
    });
  });

  it('is the same in whatever pieces the content comes', () => {
    const content = randomBytes(2 * PART_BYTES + 1);
    const hash = new ContentHash();
    const cuts = [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 7, 2 * PART_BYTES, content.length];
    for (const [index, cut] of cuts.entries()) hash.update(content.subarray(cuts[index - 1], cut));
    expect(hash.digest()).toEqual(new ContentHash().update(content).digest());
  });
});
