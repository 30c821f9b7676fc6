/** A folder that holds so much and no more: what fills it fills nothing else. */
import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';

export interface SmallDisk {
  remove(): Promise<void>;
}

/**
 * Mounts one of memory at a folder that is made for it.
 * @returns why it cannot be, as a part of a sentence, where it cannot
 */
export async function makeSmallDisk(path: string, bytes: number): Promise<SmallDisk | string> {
  if (process.platform !== 'linux') return 'a disk of limited size is made on Linux only';
  if (process.getuid?.() !== 0) return 'only root can mount a disk of limited size';
  await mkdir(path, { recursive: true });
  const options = `size=${bytes},mode=0700,nosuid,nodev`;
  const { failed, stderr } = await execa(
    'mount',
    ['-t', 'tmpfs', '-o', options, 'runner-blast-radius', path],
    {
      reject: false,
    },
  );
  if (failed) return `a disk of limited size cannot be mounted (${stderr.trim() || 'no mount'})`;
  return {
    async remove() {
      // Lazily: what is still open there ends with its process.
      await execa('umount', ['--lazy', path]);
    },
  };
}
