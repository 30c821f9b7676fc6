import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOwned, thisProcess } from '../../../src/orchestrator/owner.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

async function ownedBy(owner: unknown, proc?: string): Promise<boolean> {
  using directory = temporaryDirectory();
  const text = typeof owner === 'string' ? owner : JSON.stringify(owner);
  writeFileSync(join(directory.path, 'owner.json'), text);
  return await isOwned(directory.path, proc);
}

/** The start of a process, as /proc has it; null where there is no /proc. */
function ticksOf(pid: number): number | null {
  if (!existsSync('/proc/self')) return null;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

describe('a run is owned', () => {
  it('by the process that made it', async () => {
    expect(await ownedBy(thisProcess())).toBe(true);
  });

  it('by another process, for as long as that lives', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    await once(child, 'spawn');
    const owner = { pid: child.pid, host: hostname(), startTimeTicks: ticksOf(child.pid!) };
    expect(await ownedBy(owner)).toBe(true);
    expect(await ownedBy({ ...owner, startTimeTicks: null })).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await ownedBy(owner)).toBe(false);
    expect(await ownedBy({ ...owner, startTimeTicks: null })).toBe(false);
  });

  it('not by a process that is dead but not yet buried', async (test) => {
    test.skip(!existsSync('/proc/self'), 'this system has no /proc');
    // The shell's child ends at once, and the shell does not ask how.
    const parent = spawn('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 60']);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    while (!/^\d+ \(sh\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1')))
      await new Promise(setImmediate);
    expect(await ownedBy({ pid, host: hostname(), startTimeTicks: ticksOf(pid) })).toBe(false);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('not by a later process of the same number', async (test) => {
    test.skip(!existsSync('/proc/self'), 'this system has no /proc');
    expect(await ownedBy({ ...thisProcess(), startTimeTicks: 1 })).toBe(false);
  });

  it('by a process that /proc hides, for as long as it lives', async (test) => {
    test.skip(!existsSync('/proc/self'), 'this system has no /proc');
    // As `hidepid` makes another user's process look; what the kernel shows to root cannot be taken away.
    using proc = temporaryDirectory();
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    await once(child, 'spawn');
    const owner = { pid: child.pid, host: hostname(), startTimeTicks: ticksOf(child.pid!) };
    expect(await ownedBy(owner, proc.path)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await ownedBy(owner, proc.path)).toBe(false);
  });

  it('by a process of another host, which cannot be asked', async () => {
    expect(await ownedBy({ pid: 1, host: `not-${hostname()}`, startTimeTicks: 1 })).toBe(true);
  });

  it('by nobody if no owner can be made out', async () => {
    using directory = temporaryDirectory();
    expect(await isOwned(directory.path)).toBe(false);
    for (const nonsense of ['', '{', '[]', '{"pid": 0}', '{"pid": "1", "host": "a"}']) {
      expect(await ownedBy(nonsense)).toBe(false);
    }
  });

  it('by somebody if the record cannot be read', async () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, 'owner.json'));
    expect(await isOwned(directory.path)).toBe(true);
  });
});
