import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { keep } from '../../../../src/tracking/local-server/keeper.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const env = { PATH: process.env.PATH };
/** Starts two more, tells the numbers of all, and goes on `until`. */
const family = (until: string): readonly string[] => [
  ...['sh', '-c', `sleep 60 & a=$!; sleep 60 & echo $$ $a $!; ${until}`],
];

/** Numbers of the processes, once they are there. */
async function members(log: string): Promise<readonly number[]> {
  for (;;) {
    const [line = ''] = readFileSync(log, { encoding: 'utf8', flag: 'a+' }).split('\n');
    const numbers = line.split(' ').map(Number);
    if (numbers.length === 3) return numbers;
    await sleep(5);
  }
}

/** A zombie waits for nothing but to be reaped by whoever has inherited it. */
function lives(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

describe('a program that is kept', () => {
  it('is gone with all that it has started once its end was asked for', async () => {
    using directory = temporaryDirectory();
    const log = join(directory.path, 'log');
    const kept = keep(family('wait'), { cwd: directory.path, env, log });
    const processes = await members(log);
    expect(processes.map(lives)).toEqual([true, true, true]);
    await kept.end();
    await kept.end();
    await expect.poll(() => processes.map(lives)).toEqual([false, false, false]);
  });

  it('leaves nothing behind when it ends by itself, and how it ended stands in its log', async () => {
    using directory = temporaryDirectory();
    const log = join(directory.path, 'log');
    const kept = keep(family('echo oops >&2; exit 7'), { cwd: directory.path, env, log });
    await kept.ended;
    const processes = await members(log);
    await expect.poll(() => processes.map(lives)).toEqual([false, false, false]);
    expect(readFileSync(log, 'utf8').split('\n').slice(1)).toEqual(['oops', 'Ended with exit status 7.', '']);
  });

  it('has ended where it could not be started', async () => {
    using directory = temporaryDirectory();
    const log = join(directory.path, 'log');
    await keep(['/no/such/program'], { cwd: directory.path, env, log }).ended;
    expect(readFileSync(log, 'utf8')).toMatch(
      /\/no\/such\/program.*not found\nEnded with exit status 127\.\n$/,
    );
  });
});
