/** One artifact of 500 MB and 1,000 of 4 KB, through MLflow's proxy and to S3 itself. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, writeSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runRounds } from '../lib/rounds.mjs';
import { trackingContestants } from '../lib/tracking-contestants.mjs';

const BIG_BYTES = 500_000_000;
const CHUNK_BYTES = 5_000_000;
const SMALL_FILES = 1_000;
const SMALL_BYTES = 4_096;

/** @returns `{ proxy, bucket }`, each as `runRounds`: MB a second, and memory above that before it began, in bytes */
export async function measureBigArtifact(context) {
  const file = join(context.scratch, 'big.bin');
  const handle = openSync(file, 'w');
  for (let written = 0; written < BIG_BYTES; written += CHUNK_BYTES)
    writeSync(handle, randomBytes(CHUNK_BYTES));
  closeSync(handle);
  return bothWays(context, 'file', file, {
    figures: ({ seconds, extraBytes }) => ({ rate: BIG_BYTES / 1e6 / seconds, extraBytes }),
    describe: ({ rate, extraBytes }) =>
      `${rate.toFixed(0)} MB/s, ${(extraBytes / 1e6).toFixed(0)} MB of memory`,
  });
}

/** @returns `{ proxy, bucket }`, each as `runRounds`: files a second */
export async function measureSmallArtifacts(context) {
  const folder = join(context.scratch, 'small');
  mkdirSync(folder);
  for (let n = 0; n < SMALL_FILES; n += 1) writeFileSync(join(folder, `${n}.bin`), randomBytes(SMALL_BYTES));
  return bothWays(context, 'folder', folder, {
    figures: ({ seconds, count }) => ({ rate: count / seconds }),
    describe: ({ rate }) => `${rate.toFixed(0)} files/s`,
  });
}

async function bothWays(context, what, argument, { figures, describe }) {
  const measure = (toBucket) => {
    const contestants = trackingContestants(context, what, argument, { toBucket });
    const withFigures = contestants.map(({ run, ...rest }) => ({
      ...rest,
      run: async () => figures(await run()),
    }));
    return runRounds(withFigures, { ...context, describe });
  };
  context.tell('  through the proxy');
  const proxy = await measure(false);
  context.tell('  to S3 itself');
  return { proxy, bucket: await measure(true) };
}
