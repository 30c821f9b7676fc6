import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppendFile, wholeLinesLength } from '../../../src/common/append-file.js';
import { mountMemory } from '../../support/mount.js';
import { temporaryDirectory } from './temporary-directory.js';

const lines = (fd: number): number => wholeLinesLength(readFileSync(fd));

describe('a file that grows by whole records', () => {
  it('has each on the disk when append returns', () => {
    using directory = temporaryDirectory();
    using file = AppendFile.create(join(directory.path, 'log'));
    file.append('one\n');
    file.append(Buffer.from('zwö\n'), { flush: true });
    expect(readFileSync(file.path, 'utf8')).toBe('one\nzwö\n');
    expect(file.size).toBe(9);
  });

  it('is started once', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'log');
    AppendFile.create(path).close();
    expect(() => AppendFile.create(path)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  });

  it('is taken up behind its last whole record', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'log');
    appendFileSync(path, 'one\ntw');
    using file = AppendFile.resume(path, lines);
    expect(readFileSync(path, 'utf8')).toBe('one\n');
    file.append('three\n');
    expect(readFileSync(path, 'utf8')).toBe('one\nthree\n');
  });

  it('stays as it is where it cannot be read', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'log');
    writeFileSync(path, 'nonsense');
    const refuse = (): number => {
      throw new Error('no log');
    };
    expect(() => AppendFile.resume(path, refuse)).toThrow('no log');
    expect(readFileSync(path, 'utf8')).toBe('nonsense');
  });

  it('takes nothing once it is closed, which may be said twice', () => {
    using directory = temporaryDirectory();
    const file = AppendFile.create(join(directory.path, 'log'));
    file.close();
    file.close();
    expect(() => file.append('x')).toThrow(`${file.path} is closed`);
  });

  it('on a disk that is full keeps what it had, and goes on when there is space again', (test) => {
    using directory = temporaryDirectory();
    using _disk = mountMemory(test, directory.path, 'size=64k');
    using file = AppendFile.create(join(directory.path, 'log'));
    file.append('one\n');
    const ballast = join(directory.path, 'ballast');
    writeFileSync(ballast, new Uint8Array(48 * 1024));
    expect(() => file.append('x'.repeat(32 * 1024))).toThrow(
      expect.objectContaining({ code: 'disk-full', exitCode: 3 }),
    );
    expect([readFileSync(file.path, 'utf8'), file.size]).toEqual(['one\n', 4]);
    rmSync(ballast);
    file.append('two\n');
    expect(readFileSync(file.path, 'utf8')).toBe('one\ntwo\n');
  });
});
