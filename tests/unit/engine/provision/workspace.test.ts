import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildFolder, removeLeftovers } from '../../../../src/engine/provision/workspace.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const write = (content: string) => (dir: string) => {
  writeFileSync(join(dir, 'file'), content);
  return Promise.resolve();
};
const HOST = hostname().replaceAll(/[^A-Za-z0-9-]/g, '');

describe('building a folder', () => {
  it('makes it appear when it is complete, and leaves nothing else', async () => {
    using parent = temporaryDirectory();
    const target = join(parent.path, 'a', 'engine');
    await buildFolder(target, async (dir) => {
      expect(existsSync(target)).toBe(false);
      await write('new')(dir);
    });
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('new');
    expect(readdirSync(join(parent.path, 'a'))).toEqual(['engine']);
  });

  it('puts it in the place of an older one', async () => {
    using parent = temporaryDirectory();
    const target = join(parent.path, 'engine');
    await buildFolder(target, write('old'));
    await buildFolder(target, write('new'));
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('new');
    expect(readdirSync(parent.path)).toEqual(['engine']);
  });

  it('keeps the older one, and nothing else, when it fails', async () => {
    using parent = temporaryDirectory();
    const target = join(parent.path, 'engine');
    await buildFolder(target, write('old'));
    const failing = buildFolder(target, async (dir) => {
      await write('half')(dir);
      throw new Error('no luck');
    });
    await expect(failing).rejects.toThrow('no luck');
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('old');
    expect(readdirSync(parent.path)).toEqual(['engine']);
  });
});

describe('leftovers', () => {
  // It has ended by the time that it is asked after.
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const alive = process.ppid;

  it.each([
    ['of a dead process', `.building.${HOST}.${dead}.aa`, 0, false],
    ['of a dead process, already replaced', `.old.${HOST}.${dead}.aa`, 0, false],
    ['of a living process', `.building.${HOST}.${alive}.aa`, 0, true],
    ['of another machine', `.building.elsewhere.${dead}.aa`, 23, true],
    ['of another machine, a day old', `.building.elsewhere.${dead}.aa`, 25, false],
  ])('%s: %s, %i hours old: kept: %s', async (_whose, name, hours, kept) => {
    using parent = temporaryDirectory();
    const path = join(parent.path, name);
    mkdirSync(path);
    const then = Date.now() / 1000 - hours * 3600;
    utimesSync(path, then, then);
    await removeLeftovers(parent.path);
    expect(existsSync(path)).toBe(kept);
  });

  it('are nothing else', async () => {
    using parent = temporaryDirectory();
    mkdirSync(join(parent.path, 'engine'));
    mkdirSync(join(parent.path, '.mine'));
    await removeLeftovers(parent.path);
    await removeLeftovers(join(parent.path, 'not-there'));
    expect(readdirSync(parent.path).sort()).toEqual(['.mine', 'engine']);
  });
});
