/** What a trainer has left in its output folder, sent to where the runner finds it. */
import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { isErrno } from '../../common/errors.js';
import { RUN_FILES, runPath } from '../../contract/run-directory.js';
import { RESULTS_FOLDER, type Transfers } from '../../contract/transfers.js';
import { request } from './request.js';

/** A file of its own first: a store takes no body whose length it is not told. */
const ARCHIVE = '.results.tar';

/**
 * Sends an archive of the results, then exit.json, which says that they are whole.
 * @throws RunnerError as `request`; `disk-full`
 */
export async function sendResults(outDir: string, { results, exit }: Transfers): Promise<void> {
  const archive = join(outDir, ARCHIVE);
  try {
    await writeArchive(outDir, archive);
    await put('put the results', results, archive);
    await put('put exit.json', exit, runPath(outDir, 'exit'));
  } finally {
    await rm(archive, { force: true });
  }
}

/** From the disk as it is read, and with its length. */
const put = async (what: string, url: string, path: string): Promise<void> => {
  const body = await openAsBlob(path);
  await request(what, url, { method: 'PUT', body }, async (response) => {
    await response.arrayBuffer();
  });
};

async function writeArchive(outDir: string, archive: string): Promise<void> {
  const packing = pack();
  const written = pipeline(packing, createWriteStream(archive));
  const filling = async (): Promise<void> => {
    packing.entry({ name: RESULTS_FOLDER, type: 'directory' });
    for (const name of [RUN_FILES.events, RUN_FILES.artifacts, RUN_FILES.checkpoints]) {
      await add(packing, join(outDir, name), `${RESULTS_FOLDER}/${name}`);
    }
    packing.finalize();
  };
  await Promise.all([
    written,
    filling().catch((error: unknown) => {
      packing.destroy(error instanceof Error ? error : new Error('the archive was given up'));
      throw error;
    }),
  ]);
}

/** Plain files and folders; the runner takes nothing else. */
async function add(packing: Pack, path: string, name: string): Promise<void> {
  let found: Awaited<ReturnType<typeof lstat>>;
  try {
    found = await lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  if (found.isDirectory()) {
    packing.entry({ name, type: 'directory' });
    for (const inner of (await readdir(path)).sort())
      await add(packing, join(path, inner), `${name}/${inner}`);
  } else if (found.isFile()) {
    const { size } = found;
    const content = size === 0 ? Readable.from([]) : createReadStream(path, { end: size - 1 });
    await pipeline(content, packing.entry({ name, size }));
  }
}
