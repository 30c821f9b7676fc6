/** A pool of warm trainers for tests, and what there is of it on the daemon. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { keepWarm, type WarmOptions } from '../../../runtimes/docker/warm/index.js';
import type { RunnerError } from '../../../src/contract/errors.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { ownerLabel } from '../../../src/orchestrator/owner.js';
import type { Surroundings } from '../../contract/support/modes.js';
import { docker } from '../../support/docker.js';
import { testConnection, testImage } from './image.js';

export interface TestPool extends AsyncDisposable {
  /** Until so many are ready. Rejects if the pool ends before. */
  ready(count: number): Promise<void>;
  /** Ends it; resolves when it has cleared away. */
  end(): Promise<void>;
  /** What it ends with by itself. */
  readonly failure: Promise<RunnerError>;
  /** How many waited, each time that changed. */
  readonly sizes: readonly number[];
  readonly notices: readonly string[];
}

export type TestPoolOptions = Partial<
  Pick<WarmOptions, 'size' | 'limits' | 'threads' | 'job' | 'data' | 'timing'>
>;

/** By default one trainer, looked after all the time and replaced at once. */
export async function startPool(
  { dataDir, dataset: { digest } }: Surroundings,
  options: TestPoolOptions = {},
): Promise<TestPool> {
  const over = new AbortController();
  const [sizes, notices]: [number[], string[]] = [[], []];
  const waiting = new Set<() => void>();
  const ended = keepWarm(await testConnection(), {
    ...{ size: 1, limits: undefined, threads: 2, image: (await testImage()).id },
    ...{ job: mnistCnn, data: { dir: dataDir, digest }, owner: ownerLabel() },
    ...options,
    timing: { lookAgainMs: 50, refillAfterMs: 0, ...options.timing },
    signal: over.signal,
    onSize: (count) => {
      sizes.push(count);
      for (const look of waiting) look();
    },
    onNotice: (text) => notices.push(text),
  });
  const ready = (count: number): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (sizes.at(-1) === count) resolve();
      };
      waiting.add(look);
      look();
      ended.then(() => reject(new Error('the pool has ended')), reject);
    });
  const end = (): Promise<void> => {
    over.abort();
    return ended;
  };
  const failure = ended.then(
    () => {
      throw new Error('the pool has not failed');
    },
    (error: unknown) => error as RunnerError,
  );
  // Looked at by those who ask for it.
  failure.catch(() => undefined);
  const dispose = (): Promise<void> => end().catch(() => undefined);
  return { ready, end, failure, sizes, notices, [Symbol.asyncDispose]: dispose };
}

/** Those that wait, taken or not, by name. */
export async function warmContainers(): Promise<readonly string[]> {
  const client = await docker();
  const label = ['runner.managed=1', 'runner.role=warm'];
  const listed = await client.listContainers({ all: true, filters: { label } });
  return listed.map(({ Names }) => Names[0]!.slice(1)).sort();
}

/** The only one of them. */
export async function theWarmContainer(): Promise<Docker.Container> {
  const names = await warmContainers();
  if (names.length !== 1) throw new Error(`there are ${names.length} warm containers, not one`);
  return (await docker()).getContainer(names[0]!);
}

export interface JournalLine {
  readonly step: string;
  readonly attempt?: number;
  readonly warm?: boolean;
  readonly names?: { readonly container: string };
}

export const journalOf = (runDir: string): readonly JournalLine[] =>
  readFileSync(join(runDir, 'journal.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalLine);

/** Where a run was: for each attempt whether it took a trainer that waited. */
export const attemptsOf = (runDir: string): readonly string[] =>
  journalOf(runDir)
    .filter(({ step }) => step === 'intent')
    .map(({ attempt, warm }) => `${attempt} ${warm ? 'warm' : 'cold'}`);

/** Asks again until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(50);
}
