/** Wheels small enough for a unit test, and a stand-in for pip that hands them out. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PinnedPart } from '../../../../src/engine/provision/wheels.js';

/** An archive whose members are stored as they are. */
export function zipOf(members: Readonly<Record<string, string>>): Buffer {
  const [locals, entries]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, text] of Object.entries(members)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, path, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    entries.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), common, rest, path]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\u0005\u0006'), end]);
}

function crc32(data: Buffer): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A python3 in a folder of its own, whose pip knows just these wheels and writes down what it was asked for. */
export function fakePip(dir: string, wheels: Readonly<Record<string, Buffer>>) {
  const [bin, store, log] = [join(dir, 'bin'), join(dir, 'store'), join(dir, 'asked.txt')];
  mkdirSync(bin);
  mkdirSync(store);
  writeFileSync(log, '');
  for (const [requirement, wheel] of Object.entries(wheels)) writeFileSync(join(store, requirement), wheel);
  const python = join(bin, 'python3');
  // Only what a shell has itself: there is nothing else on this PATH.
  writeFileSync(
    python,
    `#!/bin/sh
for last; do :; done
case "$last" in --version) echo 'pip 23.2.1'; exit 0;; esac
while [ "$1" != --dest ]; do shift; done
echo "$last" >>'${log}'
exec /bin/cp "${store}/$last" "$2/$last.whl"
`,
  );
  chmodSync(python, 0o755);
  const asked = (): string[] => readFileSync(log, 'utf8').split('\n').filter(Boolean);
  return { bin, asked };
}

export const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** A part that keeps one library of a wheel. */
export const partOf = (project: string, wheel: Buffer, keeps: PinnedPart['keeps']): PinnedPart => ({
  ...{ project, version: '1.2', title: `${project} 1.2`, fileName: `${project}-1.2.whl`, keeps },
  tags: { pythonVersion: '3', implementation: 'py', abi: 'none', platform: 'any' },
  ...{ bytes: wheel.length, sha256: sha256(wheel), keptBytes: 4 },
});
