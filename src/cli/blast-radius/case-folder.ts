/** The folder of one case: its runs, the plan of its fault, and what the fault is after. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exists } from '../../common/exists.js';
import { BLAST_PLAN_FILE, CONSENT } from '../../contract/blast-radius.js';
import type { BlastPlan, Fault } from '../../contract/blast-radius.js';

/** Folder of the results in a trainer's container (Dockerfile.trainer). */
const OUT_IN_CONTAINER = '/out';

export interface CaseFolder {
  readonly path: string;
  readonly runsDir: string;
  readonly planDir: string;
  /** On the command line of all processes of the case. */
  readonly token: string;
  /** Nowhere but in the runner's environment and in a file of this folder. */
  readonly secret: string;
  /** Its name in that environment: one that no other case has. */
  readonly secretVariable: string;
  readonly victimFile: string;
  writePlan(plan: Pick<BlastPlan, 'fault' | 'port' | 'bounds'>): Promise<void>;
}

export async function makeCaseFolder(): Promise<CaseFolder> {
  const token = randomBytes(16).toString('hex');
  const secretVariable = `RUNNER_BLAST_RADIUS_SECRET_${token.toUpperCase()}`;
  const secret = `planted-${randomBytes(16).toString('hex')}`;
  const path = await mkdtemp(join(tmpdir(), `runner-blast-radius-${token}-`));
  const of = (name: string): string => join(path, name);
  const [runsDir, planDir, secretDir, victimDir] = [of('runs'), of('plan'), of('secret'), of('victim')];
  for (const folder of [runsDir, planDir, secretDir, victimDir]) await mkdir(folder);
  const [secretFile, victimFile] = [join(secretDir, 'credentials'), join(victimDir, 'thesis.txt')];
  await writeFile(secretFile, `${secret}\n`, { mode: 0o600 });
  await writeFile(victimFile, 'Years of work.\n');
  return {
    ...{ path, runsDir, planDir, token, secret, secretVariable, victimFile },
    async writePlan(parts) {
      const plan: BlastPlan = {
        ...{ schemaVersion: 1, consent: CONSENT, token, secretVariable },
        ...{ secretFile, victimDir, fillDirs: [runsDir, OUT_IN_CONTAINER] },
        ...parts,
      };
      await writeFile(join(planDir, BLAST_PLAN_FILE), `${JSON.stringify(plan, null, 2)}\n`);
    },
  };
}

export const removeCaseFolder = ({ path }: CaseFolder): Promise<void> =>
  rm(path, { recursive: true, force: true });

/** Whether what a fault was after is its own now, as far as the disk shows; null where the disk shows nothing of it. */
export async function wasReached(
  fault: Fault,
  { secret, victimFile }: CaseFolder,
  { faultyRun, printed }: { readonly faultyRun: string | undefined; readonly printed: boolean },
): Promise<boolean | null> {
  switch (fault) {
    case 'read-environment':
    case 'read-file':
      // Who can write it out can send it anywhere.
      return printed || (faultyRun !== undefined && (await holds(faultyRun, secret)));
    case 'delete-files':
      return !(await exists(victimFile));
    default:
      return null;
  }
}

async function holds(folder: string, text: string): Promise<boolean> {
  for (const file of await filesIn(folder)) {
    if ((await readFile(file)).includes(text)) return true;
  }
  return false;
}

/** Bytes of all files in a folder, but for those in the folders that are left out. */
export async function bytesIn(folder: string, leftOut: readonly string[]): Promise<number> {
  const files = (await filesIn(folder)).filter((file) => !leftOut.some((other) => file.startsWith(other)));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
