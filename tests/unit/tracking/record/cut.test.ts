import { describe, expect, it } from 'vitest';
import { cutTo } from '../../../../src/tracking/record/cut.js';

describe('cutTo', () => {
  it('leaves a value alone that fits', () => expect(cutTo('x'.repeat(100), 100)).toBe('x'.repeat(100)));

  it('says that it was cut, how long it was and where it is in full', () => {
    const mark = '… [cut, 6001 characters; in full in logs/long-values.json]';
    const cut = cutTo('x'.repeat(6001), 6000);
    expect(cut).toBe(`${'x'.repeat(6000 - mark.length)}${mark}`);
    expect(cut).toHaveLength(6000);
  });

  it('does not leave half a character', () => {
    const cut = cutTo('🙂'.repeat(100), 101);
    expect(cut).toMatch(/^(🙂)+… \[cut, 200 characters;/u);
    expect(Buffer.from(cut).toString()).toBe(cut);
  });
});
