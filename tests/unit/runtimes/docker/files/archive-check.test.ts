import type { Header } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { ArchiveCheck } from '../../../../../runtimes/docker/files/archive-check.js';

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

  it('says of each entry where it belongs', () => {
    const check = new ArchiveCheck({ top: 'out', allow: ['artifacts'], limits: { maxBytes: 10 } });
    const entries = [
      header('out/', 'directory'),
      header('out/artifacts/', 'directory'),
      header('out/artifacts/a', 'file', 10),
    ];
    expect(entries.map((entry) => check.check(entry))).toEqual([
      { type: 'directory', path: '', bytes: 0 },
      { type: 'directory', path: 'artifacts', bytes: 0 },
      { type: 'file', path: 'artifacts/a', bytes: 10 },
    ]);
  });
});
