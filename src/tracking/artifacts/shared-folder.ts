/** Whether a folder that a tracking server names is this machine's folder of that name, too. */
import { rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exists } from '../../common/exists.js';
import { makeDirectory } from '../../common/make-directory.js';
import { isLoopback } from '../../common/proxy.js';
import { RunnerError } from '../../contract/errors.js';
import { storeFailure } from './file-failure.js';
import { ownFileName } from './own-files.js';

/** The run whose artifacts are stored, or whose model's. */
export interface StoredRun {
  readonly artifactUri: string;
  /** Whether the server finds a file right below this address. */
  readonly lists: (name: string) => Promise<boolean>;
}

export interface SharingOptions {
  readonly trackingUri: string;
  readonly run: StoredRun;
}

/** `<root>/<experiment>/<run>/artifacts`: the server makes the root. */
const LEVELS_BELOW_ROOT = 3;
/** `<root>/<experiment>/models/<model>/artifacts` */
const OF_MODEL = /\/models\/[^/]+\/artifacts\/*$/;

/**
 * A path says nothing about where. It is taken for the server's own if the server runs on this machine, has a root
 * there, and finds a file that is written into the run's folder here: a container's server, of which only the port is
 * on this machine, may have a folder of the same name. That of a model is below the same root as its run's.
 * @returns its path
 * @throws RunnerError `artifact-store-unsupported` if it is not shared, `artifact-store-forbidden` if it may not be
 *   written; what `run.lists` throws
 */
export async function sharedFolder(uri: string, { trackingUri, run }: SharingOptions): Promise<string> {
  const folder = folderOf(uri);
  const ofRun = folderOf(run.artifactUri);
  if (folder === undefined || ofRun === undefined)
    throw notShared(uri, 'is no absolute path of this machine');
  if (!isLoopback(trackingUri)) throw notShared(uri, `is a folder of the server's machine (${trackingUri})`);
  if (!(await hasRoot(folder))) throw notShared(uri, 'lies in no folder that is there on this machine');
  if (!(await isSeen(ofRun, run))) {
    throw notShared(uri, `is another folder to the server (${trackingUri}), which may run in a container`);
  }
  return folder;
}

/**
 * The folder of a run's artifacts, where this machine has its root: as its own, or mounted at the same place.
 * Whether it is the server's is told by what lies in it.
 * @throws RunnerError `artifact-store-unsupported` if it is not there
 */
export async function readableFolder(uri: string, trackingUri: string): Promise<string> {
  const folder = folderOf(uri);
  if (folder !== undefined && (await hasRoot(folder))) return folder;
  throw new RunnerError(
    'artifact-store-unsupported',
    `The artifact root ${uri} is a folder of the machine of the server (${trackingUri}), and not there on this one: nothing can be read there.`,
    {
      hint: 'Compare on a machine that has that folder, or start the server with --serve-artifacts for new experiments.',
    },
  );
}

function folderOf(uri: string): string | undefined {
  if (!/^file:/i.test(uri)) return isAbsolute(uri) ? uri : undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    // Of another host, or with an escape that is none.
    return undefined;
  }
}

async function hasRoot(folder: string): Promise<boolean> {
  const levels = OF_MODEL.test(folder) ? LEVELS_BELOW_ROOT + 1 : LEVELS_BELOW_ROOT;
  let above = folder;
  for (let level = 0; level <= levels && above !== dirname(above); level += 1) {
    if (await exists(above)) return true;
    above = dirname(above);
  }
  return false;
}

/** Leaves the folder behind only where it is of use. */
async function isSeen(folder: string, { lists }: StoredRun): Promise<boolean> {
  const name = ownFileName();
  const probe = join(folder, name);
  const missing = await missingFolders(folder);
  let seen = false;
  try {
    try {
      await makeDirectory(folder);
      await writeFile(probe, '', { flag: 'wx' });
    } catch (error) {
      throw storeFailure(error, probe);
    }
    seen = await lists(name);
  } finally {
    await rm(probe, { force: true });
    if (!seen) await removeEmpty(missing);
  }
  return seen;
}

/** Itself and those above it that are not there, the deepest first. */
async function missingFolders(folder: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let path = folder; !(await exists(path)); path = dirname(path)) missing.push(path);
  return missing;
}

/** As long as nobody else has put something there. */
async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const path of folders) {
    try {
      await rmdir(path);
    } catch {
      // In use, or gone: nothing of what is above is ours to remove then.
      return;
    }
  }
}

const notShared = (uri: string, why: string): RunnerError =>
  new RunnerError(
    'artifact-store-unsupported',
    `The artifact root ${uri} ${why}: nothing can be written there.`,
    {
      hint: 'Start the server with --serve-artifacts, or with --default-artifact-root s3://…: new experiments are then kept there.',
    },
  );
