/** `kill -9` of the command at any moment of a run, and what `runner recover` and `runs attach` make of it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readEvents } from '../../src/common/event-log.js';
import { EXIT } from '../../src/contract/errors.js';
import { RUN_ID_PATTERN } from '../../src/contract/run-directory.js';
import type { RunEvent } from '../../src/contract/run-event.js';
import { readRun } from '../../src/orchestrator/read-run.js';
import { isAbandoned } from '../../src/orchestrator/recover.js';
import { outcomeOf, surroundings, type Surroundings } from '../contract/support/modes.js';
import { dockerEnv, expectNoLeftovers, hasDaemon } from '../support/docker.js';
import { runJson, startRunner } from '../support/runner.js';
import { faultImage, removeFaultImages } from './support/fault-images.js';
import { stepsOf } from './support/recovery.js';
import { seededRandom } from './support/seeded-random.js';

/** All that a run goes through; `made` is its directory, `told` its first event, `over` its outcome. */
const STEPS = [
  ...(['made', 'intent', 'created', 'filled', 'started', 'told', 'checkpoint'] as const),
  ...(['ended', 'collected', 'over', 'removed'] as const),
];
type Step = (typeof STEPS)[number];
/** Beside one kill right at each step. */
const RANDOM_KILLS = 16;
const SEED = 20_251_125;
const AT_ONCE = 3;

let here: Surroundings;
let reference: { readonly runDir: string; readonly digest: string };
/** When the reference had come to each step, in milliseconds from its first. */
const reachedAt = new Map<Step, number>();
beforeAll(async () => {
  if (!hasDaemon()) return;
  here = await surroundings({ train: 600, test: 100 });
  const training = await train(newRunsDir());
  for (const step of STEPS) {
    expect(await training.comesTo(step), step).toBe(true);
    reachedAt.set(step, performance.now());
  }
  await training.ended;
  const runDir = training.runDir()!;
  reference = { runDir, digest: outcomeOf(runDir).training.weightsDigest! };
  expect(reference.digest).toMatch(/^sha256:/);
});
afterAll(async () => {
  if (!hasDaemon()) return;
  await removeFaultImages();
  here[Symbol.dispose]();
});
afterEach(expectNoLeftovers);

const newRunsDir = (): string => mkdtempSync(join(here.runsDir, 'of-'));
const command = (args: readonly string[]) => startRunner(args, { env: dockerEnv() });
const json = (args: readonly string[]) => runJson(args, { env: dockerEnv() });

/** A run of one epoch, by the command as a process of its own. */
async function train(runsDir: string) {
  const { tag } = await faultImage('chatters', { isListed: true });
  const where = ['--data-dir', here.dataDir, '--runs-dir', runsDir, '--image', tag];
  const process = command([
    ...['train', '--mode', 'docker', ...where, '--epochs', '1', '--threads', '2', '--quiet'],
  ]);
  let isOver = false;
  const ended = process.then((result) => {
    isOver = true;
    return result;
  });
  const runDir = (): string | undefined => dirsIn(runsDir).find((dir) => ownerOf(dir) === process.pid);
  return {
    process,
    ended,
    runDir,
    /** @returns false if it has ended before it came there */
    comesTo: async (step: Step): Promise<boolean> => {
      for (;;) {
        // In this order: what it has done before its end then counts.
        const wasOver = isOver;
        const dir = runDir();
        if (dir !== undefined && hasReached(dir, step)) return true;
        if (wasOver) return false;
        await sleep(1);
      }
    },
  };
}

const dirsIn = (runsDir: string): string[] =>
  readdirSync(runsDir)
    .filter((name) => RUN_ID_PATTERN.test(name))
    .map((name) => join(runsDir, name));
const read = (runDir: string, file: string): string =>
  existsSync(join(runDir, file)) ? readFileSync(join(runDir, file), 'utf8') : '';
const ownerOf = (runDir: string): number => (JSON.parse(read(runDir, 'owner.json')) as { pid: number }).pid;

function hasReached(runDir: string, step: Step): boolean {
  switch (step) {
    case 'made':
      return true;
    case 'told':
      return read(runDir, 'events.ndjson') !== '';
    case 'checkpoint':
      return read(runDir, 'events.ndjson').includes('"checkpoint"');
    case 'over':
      return existsSync(join(runDir, 'outcome.json'));
    default:
      return stepsOf({ runDir }).includes(step);
  }
}

interface Moment {
  readonly step: Step;
  readonly delayMs: number;
}

/** Each step, and moments between the steps, as many in the time between two as that is long. */
function moments(): Moment[] {
  const random = seededRandom(SEED);
  const begin = reachedAt.get('made')!;
  const end = reachedAt.get('removed')!;
  const between = Array.from({ length: RANDOM_KILLS }, (): Moment => {
    const at = begin + random() * (end - begin);
    const step = STEPS.findLast((name) => reachedAt.get(name)! <= at)!;
    return { step, delayMs: at - reachedAt.get(step)! };
  });
  return [...STEPS.map((step) => ({ step, delayMs: 0 })), ...between];
}

/** @returns the directory of the run that was killed, or undefined if that has ended before */
async function killAt({ step, delayMs }: Moment, runsDir: string): Promise<string | undefined> {
  const training = await train(runsDir);
  if (await training.comesTo(step)) await sleep(delayMs);
  training.process.kill('SIGKILL');
  const { signal } = await training.ended;
  return signal === 'SIGKILL' ? training.runDir() : undefined;
}

async function eachOf<T>(
  list: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = list.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Without what the clock decides. */
const shapeOf = (event: RunEvent): unknown => {
  if (event.type === 'phase') return [event.seq, event.name, event.state];
  if (event.type === 'epoch') return [event.seq, event.loss, event.valLoss, event.accuracy];
  if (event.type === 'artifact') return [event.seq, event.path];
  return [event.seq, event.type];
};
const eventsOf = async (runDir: string): Promise<unknown[]> =>
  (await readEvents(join(runDir, 'events.ndjson'))).map(shapeOf);
/** By stream, in the order in which it was printed. */
const printedIn = (runDir: string): Record<string, string[]> =>
  Object.fromEntries(
    ['stdout', 'stderr'].map((stream) => [
      stream,
      read(runDir, 'trainer.log')
        .split('\n')
        .filter((line) => line.split(' ')[1] === stream)
        .map((line) => line.replace(/^\S+ /, '')),
    ]),
  );

/** As if nobody had ever been killed. */
async function expectLikeReference(runDir: string, what: string): Promise<void> {
  const { status, message, training } = outcomeOf(runDir);
  expect([status, message, training.weightsDigest], what).toEqual(['succeeded', null, reference.digest]);
  expect(await eventsOf(runDir), what).toEqual(await eventsOf(reference.runDir));
  expect(printedIn(runDir), what).toEqual(printedIn(reference.runDir));
  const steps = stepsOf({ runDir });
  expect(new Set(steps).size, what).toBe(steps.length);
  expect(steps.at(-1), what).toBe('removed');
  // One that was killed while it wrote its outcome for the second time has nothing to be recovered.
  const isOver = /^\.tak(en|ing)-|^\.outcome\.json\..*\.tmp$/;
  const names = (dir: string) => readdirSync(dir).filter((name) => !isOver.test(name));
  expect(names(runDir), what).toEqual(names(reference.runDir));
}

interface Recovered {
  readonly runId: string;
  readonly how: string;
}

it('the reference has printed what there is to lose', () => {
  const { stdout, stderr } = printedIn(reference.runDir);
  expect(stdout!.length).toBeGreaterThan(100);
  expect(stdout).toEqual(stdout!.map((_, n) => `stdout line ${n}`));
  expect(stderr).toEqual(stdout!.map((_, n) => `stderr line ${n}`));
});

it('a run is recovered wherever its process was killed, even by those whose recovery is killed', async () => {
  const runsDir = newRunsDir();
  const killed = new Map<string, Moment>();
  await eachOf(moments(), AT_ONCE, async (moment) => {
    // On a machine that is faster now, the run may be through before.
    for (let delayMs = moment.delayMs; ; delayMs /= 2) {
      const runDir = await killAt({ ...moment, delayMs }, runsDir);
      if (runDir === undefined) continue;
      killed.set(runDir, { ...moment, delayMs });
      return;
    }
  });
  expect(killed.size).toBe(STEPS.length + RANDOM_KILLS);
  const abandoned = async (): Promise<string[]> => {
    const runs = await Promise.all([...killed.keys()].map((runDir) => readRun(toRun(runDir))));
    const found = await Promise.all(runs.map(async (run) => ((await isAbandoned(run)) ? [run.runDir] : [])));
    return found.flat();
  };
  expect((await abandoned()).length).toBeGreaterThanOrEqual(20);

  const first = command(['recover', '--runs-dir', runsDir]);
  const isTaken = (runDir: string): boolean => readdirSync(runDir).some((name) => name.startsWith('.taken-'));
  while ([...killed.keys()].filter(isTaken).length < 3) await sleep(5);
  first.kill('SIGKILL');
  await first;

  const left = await abandoned();
  const both = await Promise.all([1, 2].map(() => json(['recover', '--runs-dir', runsDir])));
  for (const { exitCode, stderr } of both) expect(exitCode, stderr).toBe(EXIT.succeeded);
  const done = both.flatMap(({ document }) => document.runs as Recovered[]);
  // Each says which are through; that each was brought there once, its journal says.
  const finished = new Set(done.filter(({ how }) => how !== 'taken').map(({ runId }) => runId));
  expect([...finished].sort()).toEqual(left.map((runDir) => toRun(runDir).runId).sort());
  expect(await abandoned()).toEqual([]);

  for (const [runDir, { step, delayMs }] of killed) {
    await expectLikeReference(runDir, `${step} and ${delayMs.toFixed(1)} ms`);
  }
});

it('a run is watched by others while its process lives, and finished by one of them when that is killed', async () => {
  const runsDir = newRunsDir();
  const training = await train(runsDir);
  await training.comesTo('made');
  const { runId } = toRun(training.runDir()!);
  const attached = [1, 2].map(() => json(['runs', 'attach', runId, '--runs-dir', runsDir]));
  await training.comesTo('told');
  // Nobody takes it from a process that lives.
  const { document } = await json(['recover', '--runs-dir', runsDir]);
  expect(document).toEqual({ runs: [] });
  expect(ownerOf(training.runDir() ?? join(runsDir, runId))).toBe(training.process.pid);
  training.process.kill('SIGKILL');
  for (const { exitCode, document: shown, stderr } of await Promise.all(attached)) {
    expect(exitCode, stderr).toBe(EXIT.succeeded);
    expect(shown).toMatchObject({ runId, status: 'succeeded', weightsDigest: reference.digest });
  }
  await expectLikeReference(join(runsDir, runId), 'attached');
});

const toRun = (runDir: string) => ({ runId: runDir.split('/').at(-1)!, runDir });
