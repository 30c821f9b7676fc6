import { describe, expect, it } from 'vitest';
import { Releasers } from '../../../src/common/releasers.js';

describe('Releasers', () => {
  it('releases last in, first out, and waits for each', async () => {
    const order: string[] = [];
    const releasers = new Releasers();
    releasers.defer(() => order.push('first in'));
    releasers.defer(async () => {
      await Promise.resolve();
      order.push('last in');
    });
    await releasers.release();
    expect(order).toEqual(['last in', 'first in']);
  });

  it('runs every release, throws the first error and hangs the others on it', async () => {
    const order: string[] = [];
    const releasers = new Releasers();
    const [early, late] = [new Error('early'), new Error('late')];
    releasers.defer(() => Promise.reject(late));
    releasers.defer(() => order.push('between'));
    releasers.defer(() => {
      throw early;
    });
    const thrown: unknown = await releasers.release().catch((error: unknown) => error);
    expect(thrown).toBe(early);
    expect(thrown).toMatchObject({ suppressed: [late] });
    expect(order).toEqual(['between']);
  });

  it('releases once: a second caller gets the first one’s result', async () => {
    let calls = 0;
    const releasers = new Releasers();
    releasers.defer(() => {
      calls += 1;
    });
    await Promise.all([releasers.release(), releasers.release(), releasers[Symbol.asyncDispose]()]);
    expect(calls).toBe(1);
  });

  it('refuses what is added too late, since nobody would release it', async () => {
    const releasers = new Releasers();
    await releasers.release();
    expect(() => releasers.defer(() => undefined)).toThrow('already released');
  });

  it('moves what a start made once the start has succeeded', async () => {
    const order: string[] = [];
    async function start(fail: boolean): Promise<Releasers> {
      await using made = new Releasers();
      made.use({ [Symbol.dispose]: () => void order.push(fail ? 'cleaned by start' : 'cleaned by owner') });
      if (fail) throw new Error('halfway');
      return made.move();
    }
    await expect(start(true)).rejects.toThrow('halfway');
    const owned = await start(false);
    expect(order).toEqual(['cleaned by start']);
    await owned.release();
    expect(order).toEqual(['cleaned by start', 'cleaned by owner']);
  });
});
