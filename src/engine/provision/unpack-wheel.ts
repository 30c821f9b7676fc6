import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as yauzl from 'yauzl';
import { type Provisioning, step } from './context.js';

/** What is taken out of the wheel, and where it goes; the rest is Python's. */
const LIBRARY = /^tensorflow\/(libtensorflow(?:_cc|_framework)\.(?:so\.2|2\.dylib))$/;
const HEADER =
  /^tensorflow\/(include\/(?:tensorflow\/c\/|tensorflow\/core\/platform\/ctstring|tsl\/platform\/ctstring|xla\/tsl\/c\/|absl\/base\/options\.h).*)$/;
const NOTICES = /^tensorflow\/(THIRD_PARTY_NOTICES\.txt)$/;

/** Where a member of the wheel goes, relative to the library's folder, or undefined. */
export function placeOf(member: string): string | undefined {
  const library = LIBRARY.exec(member)?.[1];
  if (library !== undefined) return `lib/${library}`;
  const kept = HEADER.exec(member)?.[1] ?? NOTICES.exec(member)?.[1];
  // yauzl refuses names that leave the folder; a folder's own entry has nothing in it.
  return kept?.endsWith('/') ? undefined : kept;
}

interface Unpacking {
  readonly title: string;
  /** Where a member goes, or undefined for one that is left out. */
  readonly placeOf: (member: string) => string | undefined;
}

/** Unpacks members of a wheel, piece by piece; by default the libraries to `lib/` and the C headers to `include/`. */
export async function unpackWheel(
  wheel: string,
  dir: string,
  provisioning: Provisioning,
  unpacking: Unpacking = { title: 'Unpacking the library', placeOf },
): Promise<void> {
  await step(provisioning, unpacking.title, async (report) => {
    const zip = await yauzl.openPromise(wheel, { autoClose: false });
    const members: { entry: yauzl.Entry; place: string }[] = [];
    try {
      for await (const entry of zip.eachEntry()) {
        const place = unpacking.placeOf(entry.fileName);
        if (place !== undefined) members.push({ entry, place });
      }
      const total = members.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
      let done = 0;
      for (const { entry, place } of members) {
        const target = join(dir, place);
        await mkdir(dirname(target), { recursive: true });
        const content = await zip.openReadStreamPromise(entry);
        content.on('data', (piece: Buffer) => report((done += piece.length) / total));
        await pipeline(content, createWriteStream(target), { signal: provisioning.signal });
      }
    } finally {
      zip.close();
    }
  });
}
