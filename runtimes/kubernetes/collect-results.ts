/** A trainer's results, out of the store and into the run directory. */
import { writeFileAtomic } from '../../src/common/atomic-file.js';
import { RunnerError } from '../../src/contract/errors.js';
import { runPath } from '../../src/contract/run-directory.js';
import { RESULTS_FOLDER } from '../../src/contract/transfers.js';
import { extractFiles } from '../../src/isolation/results/extract.js';
import { RESULT_RULES, takeOverResults, type TakingOver } from '../../src/isolation/results/take-over.js';
import { keysOf, type Storage } from './storage.js';

/** Of one object. */
const ANSWER_MS = 600_000;
/** Nothing that a trainer has to say takes as much; it is not trusted to stop there. */
const MOST_EXIT_BYTES = 1024 ** 2;

/**
 * Takes over what the trainer has sent, if it came to that: exit.json lies there last.
 * @returns why nothing was taken over, if the trainer left what it may not
 * @throws RunnerError `disk-full`, `storage-unreachable`, `storage-refused`
 */
export async function collectResults(
  storage: Storage,
  taking: Omit<TakingOver, 'fetch'>,
): Promise<RunnerError | undefined> {
  const keys = keysOf(taking.run.runId);
  const signal = AbortSignal.timeout(ANSWER_MS);
  const exit = await readExit(storage, keys.exit, signal);
  if (exit === null || exit instanceof RunnerError) return exit ?? undefined;
  return takeOverResults({
    ...taking,
    fetch: async (into) => {
      const open = () => openArchive(storage, keys.results, signal);
      const files = await extractFiles(open, {
        into,
        top: RESULTS_FOLDER,
        ...RESULT_RULES,
        signal,
        cutShort,
      });
      await writeFileAtomic(runPath(into, 'exit'), exit);
      return files;
    },
  });
}

async function readExit(
  storage: Storage,
  key: string,
  signal: AbortSignal,
): Promise<Buffer | RunnerError | null> {
  const stream = await storage.open(key, signal);
  if (stream === null) return null;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_EXIT_BYTES) {
      return new RunnerError(
        'artifact-rejected',
        `The trainer's exit.json has more than ${MOST_EXIT_BYTES} bytes.`,
      );
    }
  }
  return Buffer.concat(chunks);
}

async function openArchive(storage: Storage, key: string, signal: AbortSignal) {
  const archive = await storage.open(key, signal);
  if (archive !== null) return archive;
  throw new RunnerError(
    'artifact-rejected',
    'The trainer says that it has sent its results, and there are none.',
  );
}

const cutShort = (why: string, cause?: unknown): RunnerError =>
  new RunnerError('artifact-rejected', `The trainer's results are no archive: ${why}.`, { cause });
