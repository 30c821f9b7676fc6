import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  isLabelledOwnerAlive,
  isOwned,
  ownerLabel,
  readOwner,
  thisProcess,
} from '../../../src/orchestrator/owner.js';
import { temporaryDirectory } from '../common/temporary-directory.js';

afterEach(() => void vi.restoreAllMocks());

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
    // The shell becomes a program that does not ask how its child ended, and only then does the child end.
    const parent = spawn('sh', ['-c', 'exec 3<&0; sh -c "read line" <&3 & echo $!; exec sleep 60']);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const until = async (id: number | undefined, state: RegExp) => {
      while (!state.test(readFileSync(`/proc/${id}/stat`, 'latin1'))) await new Promise(setImmediate);
    };
    await until(parent.pid, /^\d+ \(sleep\)/);
    parent.stdin.write('\n');
    await until(pid, /^\d+ \(sh\) Z/);
    expect(await ownedBy({ pid, host: hostname(), startTimeTicks: ticksOf(pid) })).toBe(false);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('not by a later process of the same number', async (test) => {
    test.skip(!existsSync('/proc/self'), 'this system has no /proc');
    expect(await ownedBy({ ...thisProcess(), startTimeTicks: 1 })).toBe(false);
  });

  it('not by a process of an earlier boot, in which ticks and numbers were the same', async (test) => {
    test.skip(!existsSync('/proc/self'), 'this system has no /proc');
    expect(await ownedBy({ ...thisProcess(), bootId: '00000000-0000-0000-0000-000000000000' })).toBe(false);
    const { bootId, ...asBefore } = thisProcess();
    expect(bootId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(await ownedBy(asBefore)).toBe(true);
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

  it('by a process of another host that touches its record, until it has not for two minutes', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'owner.json');
    writeFileSync(path, JSON.stringify({ ...thisProcess(), host: `not-${hostname()}` }));
    const touchedBefore = async (seconds: number): Promise<boolean> => {
      const at = new Date(Date.now() - 1000 * seconds);
      utimesSync(path, at, at);
      return await isOwned(directory.path);
    };
    expect([await touchedBefore(0), await touchedBefore(115), await touchedBefore(121)]).toEqual([
      ...[true, true, false],
    ]);
  });

  it.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])('by the same process for a host whose clock is an hour %s, as by the file system’s', async (_, ms) => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'owner.json');
    writeFileSync(path, JSON.stringify({ ...thisProcess(), host: `not-${hostname()}` }));
    const now = Date.now();
    const touchedBefore = async (seconds: number): Promise<boolean> => {
      const at = new Date(now - 1000 * seconds);
      utimesSync(path, at, at);
      return await isOwned(directory.path);
    };
    vi.spyOn(Date, 'now').mockReturnValue(now + ms);
    expect([await touchedBefore(1), await touchedBefore(115), await touchedBefore(125)]).toEqual([
      ...[true, true, false],
    ]);
    expect(readdirSync(directory.path)).toEqual(['owner.json']);
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

describe('the owner in a label', () => {
  it('lives while its process does', async () => {
    const { bootId } = thisProcess();
    const known = `${hostname()}/${process.pid}/${ticksOf(process.pid) ?? ''}`;
    expect(ownerLabel()).toBe(`${known}/${bootId ?? ''}`);
    expect(isLabelledOwnerAlive(`${known}/another boot`)).toBe(bootId === null);
    expect(isLabelledOwnerAlive(ownerLabel())).toBe(true);
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    await once(child, 'spawn');
    const label = `${hostname()}/${child.pid}/${ticksOf(child.pid!) ?? ''}`;
    expect(isLabelledOwnerAlive(label)).toBe(true);
    expect(isLabelledOwnerAlive(`${hostname()}/${child.pid}/`)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isLabelledOwnerAlive(label)).toBe(false);
    expect(isLabelledOwnerAlive(`${hostname()}/${child.pid}/`)).toBe(false);
  });

  it('cannot be asked on another host', () => {
    expect(isLabelledOwnerAlive(`not-${hostname()}/1/1`)).toBe(true);
  });

  it('is nobody if it can be none', () => {
    for (const nonsense of ['', hostname(), `${hostname()}/`, `${hostname()}/0/1`, `${hostname()}/a/1`]) {
      expect(isLabelledOwnerAlive(nonsense)).toBe(false);
    }
  });
});

it('the owner on record is as it was written, or none', async () => {
  using directory = temporaryDirectory();
  expect(await readOwner(directory.path)).toBeUndefined();
  writeFileSync(join(directory.path, 'owner.json'), JSON.stringify(thisProcess()));
  expect(await readOwner(directory.path)).toEqual(thisProcess());
  writeFileSync(join(directory.path, 'owner.json'), '{');
  expect(await readOwner(directory.path)).toBeUndefined();
});
