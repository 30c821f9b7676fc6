/** What is kept beside the server's database: its name, and who keeps it now. */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeJsonAtomic } from '../../common/atomic-file.js';
import { exists } from '../../common/exists.js';
import { readJsonFile } from '../../common/json-file.js';
import { isAlive, isHere, processIdentitySchema } from '../../common/process-identity.js';
import { DATABASE } from './server-command.js';

const nameSchema = z.object({ name: z.string().regex(/^local:[0-9a-f-]{36}$/) });
const keptSchema = z.object({ address: z.url(), version: z.string(), keeper: processIdentitySchema });
/** A server that a process of this machine keeps. */
export type KeptServer = z.infer<typeof keptSchema>;

const nameFile = (folder: string): string => join(folder, 'name.json');
const keptFile = (folder: string): string => join(folder, 'server.json');

/** Another one for each database: a run that an earlier one held is new to this one. */
export async function nameOfStore(folder: string): Promise<string> {
  const known = await readJsonFile(nameFile(folder), nameSchema);
  if (known !== undefined && (await exists(join(folder, DATABASE)))) return known.name;
  const name = `local:${randomUUID()}`;
  await writeJsonAtomic(nameFile(folder), { name });
  return name;
}

/** The server over this folder, if the process that keeps it lives on this host: its address is of no use elsewhere. */
export async function readKeptServer(folder: string): Promise<KeptServer | undefined> {
  const kept = await readJsonFile(keptFile(folder), keptSchema);
  return kept !== undefined && isHere(kept.keeper) && isAlive(kept.keeper) ? kept : undefined;
}

export const writeKeptServer = (folder: string, kept: KeptServer): Promise<void> =>
  writeJsonAtomic(keptFile(folder), kept);

export const removeKeptServer = (folder: string): Promise<void> => rm(keptFile(folder), { force: true });
