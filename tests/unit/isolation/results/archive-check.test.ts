import type { Header } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { ArchiveCheck } from '../../../../src/isolation/results/archive-check.js';

/** Of which the check looks at these three. */
const header = (name: string, type: Header['type'] = 'file', size = 0): Header =>
  ({ name, type, size }) as Partial<Header> as Header;

describe('ArchiveCheck', () => {
  it('takes 10,000 files and folders, and not one more, where no limit is said', () => {
    const check = new ArchiveCheck({ top: 'out', allow: ['artifacts'], limits: { maxBytes: 0 } });
    check.check(header('out/', 'directory'));
    check.check(header('out/artifacts/', 'directory'));
    for (let n = 1; n < 10_000; n += 1) check.check(header(`out/artifacts/${n}`));
    expect(() => check.check(header('out/artifacts/last'))).toThrow(
      '"out/artifacts/last" is one more than 10000 files and folders.',
    );
  });

  it('says of each entry where it belongs, and whether it is to be left', () => {
    const check = new ArchiveCheck({
      ...{ top: 'out', allow: ['artifacts'], ignore: /^scratch-/, limits: { maxBytes: 10 } },
    });
    const entries = [
      header('out/', 'directory'),
      header('out/artifacts/', 'directory'),
      header('out/artifacts/a', 'file', 4),
      header('out/scratch-1/', 'directory'),
      header('out/scratch-1/b', 'file', 6),
    ];
    expect(entries.map((entry) => check.check(entry))).toEqual([
      { type: 'directory', path: '', bytes: 0, isIgnored: false },
      { type: 'directory', path: 'artifacts', bytes: 0, isIgnored: false },
      { type: 'file', path: 'artifacts/a', bytes: 4, isIgnored: false },
      { type: 'directory', path: 'scratch-1', bytes: 0, isIgnored: true },
      { type: 'file', path: 'scratch-1/b', bytes: 6, isIgnored: true },
    ]);
    expect(() => check.check(header('out/scratch-1/c', 'file', 1))).toThrow('of which 0 were left');
    expect(() => check.check(header('out/scratch-1/d', 'symlink'))).toThrow('is a symbolic link');
    expect(() => check.check(header('out/scratch', 'file'))).toThrow('is none of the results');
  });
});
