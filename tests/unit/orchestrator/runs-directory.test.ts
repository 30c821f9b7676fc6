import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RUN_ID_PATTERN } from '../../../src/contract/run-directory.js';
import { listRuns } from '../../../src/orchestrator/list-runs.js';
import { createRunId } from '../../../src/orchestrator/run-id.js';
import { createRun, deleteRun, ensureRunsDirectory } from '../../../src/orchestrator/runs-directory.js';
import { mountMemory } from '../../support/mount.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { CLOCK, NOW, SPEC } from './specs.js';

const countingIds = () => {
  let count = 0;
  return (now: number) => createRunId(now, (size) => new Uint8Array(size).fill((count += 1)));
};

describe('a run id', () => {
  it('is the start in UTC and six characters of Crockford base32', () => {
    expect(createRunId(NOW, () => Uint8Array.of(0, 9, 10, 31, 32, 255))).toBe('20260301-140509-09az0z');
    for (let i = 0; i < 100; i += 1) expect(createRunId(NOW)).toMatch(RUN_ID_PATTERN);
  });

  it.each([
    '../etc',
    '20260301-140509-aaaaa',
    '20260301-140509-aaaaai',
    '20260301-140509-AAAAAA',
    ' 20260301-140509-aaaaaa',
    '20260301-140509-aaaaaa\n',
  ])('is not %j', (text) => expect(RUN_ID_PATTERN.test(text)).toBe(false));
});

describe('creating a run', () => {
  it('writes no request that its readers would refuse, and no run then', async () => {
    using directory = temporaryDirectory();
    const request = { evaluate: false, startedAt: NOW, tracking: { track: true, register: '' } };
    await expect(createRun(directory.path, SPEC, { clock: CLOCK, request })).rejects.toThrow(/register/);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it('writes its spec and its owner, and leaves nothing else', async () => {
    using directory = temporaryDirectory();
    const { runId, runDir } = await createRun(directory.path, SPEC, { clock: CLOCK });
    expect(readdirSync(directory.path)).toEqual([runId]);
    expect(runDir).toBe(join(directory.path, runId));
    expect(readdirSync(runDir).sort()).toEqual(['owner.json', 'spec.json']);
    expect(JSON.parse(readFileSync(join(runDir, 'spec.json'), 'utf8'))).toEqual(SPEC);
    expect(JSON.parse(readFileSync(join(runDir, 'owner.json'), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  it.each([
    ['022', 0o755, 0o644],
    ['027', 0o750, 0o640],
    ['077', 0o700, 0o600],
  ])('leaves it to the umask (%s) who may read it', async (umask, folder, file) => {
    using directory = temporaryDirectory();
    const before = process.umask(umask);
    try {
      const { runDir } = await createRun(directory.path, SPEC, { clock: CLOCK });
      expect(statSync(runDir).mode & 0o777).toBe(folder);
      expect(statSync(join(runDir, 'spec.json')).mode & 0o777).toBe(file);
    } finally {
      process.umask(before);
    }
  });

  it('takes along what killed creators left a day ago, and nothing else', async () => {
    using directory = temporaryDirectory();
    const dayOld = new Date(Date.now() - 25 * 3_600_000);
    for (const name of ['.new-old', '.probe-old', '.new-young', '.probe-young', '.git', 'notes']) {
      mkdirSync(join(directory.path, name));
      writeFileSync(join(directory.path, name, 'spec.json'), '');
      if (!name.endsWith('young')) utimesSync(join(directory.path, name), dayOld, dayOld);
    }
    const run = await createRun(directory.path, SPEC, { clock: CLOCK });
    const others = ['.git', '.new-young', '.probe-young', 'notes'];
    expect(readdirSync(directory.path).sort()).toEqual([...others, run.runId].sort());
    utimesSync(join(directory.path, '.new-young'), dayOld, dayOld);
    await deleteRun(run);
    expect(readdirSync(directory.path).sort()).toEqual(['.git', '.probe-young', 'notes']);
  });

  it('by many at once, who all draw the same ids, gives each its own', async () => {
    using directory = temporaryDirectory();
    const create = () => createRun(directory.path, SPEC, { clock: CLOCK, createId: countingIds() });
    const created = await Promise.all(Array.from({ length: 8 }, create));
    const ids = created.map(({ runId }) => runId);
    expect(new Set(ids).size).toBe(8);
    expect(readdirSync(directory.path).sort()).toEqual([...ids].sort());
    for (const { runDir } of created) expect(readdirSync(runDir)).toHaveLength(2);
  });

  it('gives up, and cleans up, when no id is free', async () => {
    using directory = temporaryDirectory();
    const create = () =>
      createRun(directory.path, SPEC, { clock: CLOCK, createId: () => '20260301-140509-aaaaaa' });
    await create();
    await expect(create()).rejects.toMatchObject({
      code: 'runs-dir-unwritable',
      message: expect.stringContaining('ENOTEMPTY') as string,
    });
    expect(readdirSync(directory.path)).toEqual(['20260301-140509-aaaaaa']);
  });

  it('says what keeps it from writing', async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'file'), '');
    await expect(createRun(join(directory.path, 'file'), SPEC, { clock: CLOCK })).rejects.toMatchObject({
      code: 'runs-dir-unwritable',
      message: expect.stringMatching(/^The runs directory .*\/file cannot be written: ENOTDIR/) as string,
    });
  });

  it('says so when the disk is full, and leaves nothing', async (test) => {
    using directory = temporaryDirectory();
    using _disk = mountMemory(test, directory.path, 'size=64k');
    writeFileSync(join(directory.path, 'ballast'), new Uint8Array(64 * 1024));
    await expect(createRun(directory.path, SPEC, { clock: CLOCK })).rejects.toMatchObject({
      code: 'disk-full',
      exitCode: 3,
    });
    expect(readdirSync(directory.path)).toEqual(['ballast']);
  });
});

describe('proving a runs directory', () => {
  it('makes it with those above it, and leaves nothing in it', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'a/b');
    expect(await ensureRunsDirectory(path)).toBe(path);
    expect(readdirSync(path)).toEqual([]);
    expect(await ensureRunsDirectory(path)).toBe(path);
  });
});

describe('removing and listing', () => {
  it('a run that somebody else has removed is not found', async () => {
    using directory = temporaryDirectory();
    const run = await createRun(directory.path, SPEC, { clock: CLOCK });
    await deleteRun(run);
    await expect(deleteRun(run)).rejects.toMatchObject({
      code: 'run-not-found',
      message: `Run ${run.runId} is gone: somebody else has removed it.`,
    });
  });

  it('lists more runs than the process can open files', async (test) => {
    test.skip(!canExhaustDescriptors(), 'this system allows too many open files, or does not tell');
    using directory = temporaryDirectory();
    const { runDir } = await createRun(directory.path, SPEC, { clock: CLOCK, createId: countingIds() });
    const [spec, owner] = ['spec.json', 'owner.json'].map((file) => readFileSync(join(runDir, file)));
    for (let i = 0; i < 200; i += 1) {
      const run = join(directory.path, `20260302-${String(i).padStart(6, '0')}-aaaaaa`);
      mkdirSync(run);
      writeFileSync(join(run, 'spec.json'), spec!);
      writeFileSync(join(run, 'owner.json'), owner!);
    }
    const runs = await withDescriptors(64, () => listRuns(directory.path));
    expect(runs).toHaveLength(201);
    expect(runs.filter(({ state }) => state !== 'running')).toEqual([]);
    expect(runs.at(-1)?.runDir).toBe(runDir);
  });

  it('lists a file that is named like a run as unreadable', async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, '20260302-000000-aaaaaa'), '');
    expect(await listRuns(directory.path)).toMatchObject([
      { runId: '20260302-000000-aaaaaa', state: 'unreadable', error: { code: 'run-corrupt' } },
    ]);
  });
});

/** Does the work while the process can open no more than `count` files. */
async function withDescriptors<T>(count: number, work: () => Promise<T>): Promise<T> {
  const open: number[] = [];
  try {
    for (;;) open.push(openSync('/dev/null', 'r'));
  } catch {
    // As many as the system allows.
  }
  for (const fd of open.splice(-count)) closeSync(fd);
  try {
    return await work();
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/** Opening a million files takes longer than the test is worth. */
function canExhaustDescriptors(): boolean {
  if (!existsSync('/proc/self/limits')) return false;
  const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Number(soft) <= 65_536;
}
