/** Files of runner's own in a folder of artifacts, there for a moment. */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const OWN = /^\.runner-[0-9a-f]{16}$/;

/** A name that no artifact has, and another each time. */
export const ownFileName = (): string => `.runner-${randomBytes(8).toString('hex')}`;

/** Removes what a process has left in a folder that was killed over it: MLflow would list that among the artifacts. */
export async function removeOwnFiles(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => OWN.test(name));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
}
