/** Trainers that wait, with TensorFlow loaded, for a run that takes one: once, and one alone. */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { claim, findWaiting } from '../../runtimes/docker/warm/claim.js';
import { createOptions } from '../../runtimes/docker/container/create-options.js';
import { limitsOf } from '../../src/isolation/container-limits.js';
import { collectGarbage } from '../../runtimes/docker/gc.js';
import { systemClock } from '../../src/common/clock.js';
import { readEvents } from '../../src/common/event-log.js';
import type { Garbage } from '../../src/contract/garbage.js';
import { mnistCnn } from '../../src/jobs/mnist-cnn/index.js';
import type { FinishedRun } from '../../src/orchestrator/finish-run.js';
import { lookUpRun } from '../../src/orchestrator/knowledge.js';
import { isLabelledOwnerAlive } from '../../src/orchestrator/owner.js';
import { finishAbandoned, listAbandoned } from '../../src/orchestrator/recover.js';
import { specOf, surroundings, type Surroundings } from '../contract/support/modes.js';
import {
  docker,
  dockerEnv,
  expectNoLeftovers,
  hasDaemon,
  requireOwnDaemon,
  restartDaemon,
} from '../support/docker.js';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { compileProgram, untilPrinted } from '../unit/common/run-program.js';
import { testConnection, testImage } from './support/image.js';
import { dockerRuntime, ENDLESS, runInDocker, type WatchedRun } from './support/runs.js';
import {
  attemptsOf,
  journalOf,
  startPool,
  theWarmContainer,
  until,
  warmContainers,
} from './support/warm-pool.js';

let here: Surroundings;
let cold: WatchedRun;
beforeAll(async () => {
  if (!hasDaemon()) return;
  here = await surroundings({ train: 600, test: 100 });
  cold = await runInDocker(here);
});
afterAll(() => {
  if (hasDaemon()) here[Symbol.dispose]();
});
afterEach(expectNoLeftovers);

const NEVER_AGAIN = { refillAfterMs: 1e9 };
const MIB = 1024 ** 2;
const digestOf = ({ outcome }: FinishedRun): string | null => outcome.training.weightsDigest;
const statusOf = ({ outcome: { status, message } }: FinishedRun) => [status, message];
const kindOf = async (threads = 2, memoryBytes?: number) => ({
  ...{ image: (await testImage()).id, threads },
  limits: limitsOf(memoryBytes === undefined ? undefined : { memoryBytes }, threads),
});
const sweep = async (): Promise<readonly Garbage[]> =>
  collectGarbage(await testConnection(), {
    ...{ dryRun: false, clock: systemClock, signal: new AbortController().signal },
    ...{ lookUp: lookUpRun, isAlive: isLabelledOwnerAlive },
  });

describe('a run that finds a trainer waiting', () => {
  it('takes it, and has the bits, events and phases of a cold one, but for what it was spared', async () => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const waiting = await warmContainers();
    const run = await runInDocker(here);
    expect(statusOf(run)).toEqual(['succeeded', null]);
    expect(attemptsOf(run.runDir)).toEqual(['1 warm']);
    expect(journalOf(run.runDir)[0]!.names!.container).toBe(waiting[0]);
    expect(digestOf(run)).toBe(digestOf(cold));
    const shown = ({ told }: WatchedRun) => told.map(({ seq, type }) => [seq, type]);
    expect(shown(run)).toEqual(shown(cold));
    expect(run.told).toEqual(await readEvents(join(run.runDir, 'events.ndjson')));
    const { trainerStartup, ...phases } = cold.outcome.phases;
    expect(trainerStartup).toBeGreaterThan(0);
    expect(Object.keys(run.outcome.phases)).toEqual(Object.keys(phases));
    expect(run.outcome.phases).toMatchObject({ fill: 0 });
    expect(run.outcome.image).toEqual(cold.outcome.image);
    expect(readFileSync(join(run.runDir, 'trainer.log'), 'utf8')).toBe('');
    expect(pool.notices).toEqual([]);
  });

  it('removes it afterwards with its volumes; the next run has another', async () => {
    await using pool = await startPool(here);
    await pool.ready(1);
    const before = await warmContainers();
    const first = await runInDocker(here);
    await pool.ready(1);
    const between = await warmContainers();
    const second = await runInDocker(here);
    expect([first, second].map(({ runDir }) => attemptsOf(runDir))).toEqual([['1 warm'], ['1 warm']]);
    const names = [first, second].map(({ runDir }) => journalOf(runDir)[0]!.names!.container);
    expect(names).toEqual([...before, ...between]);
    expect(names[0]).not.toBe(names[1]);
    expect([first, second].map(digestOf)).toEqual([digestOf(cold), digestOf(cold)]);
    const { Volumes } = await (await docker()).listVolumes();
    expect(Volumes.filter(({ Name }) => Name.includes(names[0]!))).toEqual([]);
    expect(pool.sizes.slice(0, 4)).toEqual([0, 1, 0, 1]);
  });

  it('gets it alone: of two at once, the other trains in a container of its own', async () => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const runs = await Promise.all([runInDocker(here), runInDocker(here)]);
    expect(runs.map(statusOf)).toEqual([
      ['succeeded', null],
      ['succeeded', null],
    ]);
    const last = runs.map(({ runDir }) => attemptsOf(runDir).at(-1));
    expect(last.sort()).toEqual(['1 cold', '1 warm']);
    expect(runs.map(digestOf)).toEqual([digestOf(cold), digestOf(cold)]);
  });

  it('has data of its own put in where those given ahead are others', async () => {
    const other = join(here.runsDir, '..', 'other-data');
    mkdirSync(other);
    writeMnistSubset(other, { train: 400, test: 50 });
    // Under names that would be passed over if they lay beside those given ahead.
    for (const name of readdirSync(other)) {
      writeFileSync(join(other, `${name}.gz`), gzipSync(readFileSync(join(other, name))));
      rmSync(join(other, name));
    }
    const dataset = await mnistCnn.loadData(other);
    const theirs = { ...here, dataDir: other, dataset };
    const alone = await runInDocker(theirs);
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const run = await runInDocker(theirs);
    expect(statusOf(run)).toEqual(['succeeded', null]);
    expect(attemptsOf(run.runDir)).toEqual(['1 warm']);
    expect(journalOf(run.runDir).map(({ step }) => step)).toContain('filled');
    expect(digestOf(run)).toBe(digestOf(alone));
    expect(digestOf(run)).not.toBe(digestOf(cold));
  });

  it('is cancelled like any other', async () => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const run = await runInDocker(here, {
      hyperparameters: ENDLESS,
      onEvent: ({ type }, { abort }) => type === 'checkpoint' && abort(new Error('enough')),
    });
    expect(attemptsOf(run.runDir)).toEqual(['1 warm']);
    expect(run.outcome).toMatchObject({ status: 'cancelled', reason: 'interrupted' });
    expect(run.outcome.training.stepsCompleted).toBeGreaterThan(0);
  });
});

describe('a run that wants something else', () => {
  it('leaves the trainer waiting and starts its own', async () => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const waiting = await warmContainers();
    const run = await runInDocker(here, { limits: { memoryBytes: 1024 * MIB } });
    expect(attemptsOf(run.runDir)).toEqual(['1 cold']);
    expect(digestOf(run)).toBe(digestOf(cold));
    expect(await warmContainers()).toEqual(waiting);
    expect(pool.sizes).toEqual([0, 1]);
  });

  it('is one with any other limit, thread count or image', async () => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const client = await docker();
    const kind = await kindOf();
    const found = async (other: Partial<typeof kind>): Promise<number> =>
      (await findWaiting(client, { ...kind, ...other })).length;
    const { limits } = kind;
    expect(await found({})).toBe(1);
    expect(await found({ threads: 1 })).toBe(0);
    expect(await found({ image: `sha256:${'0'.repeat(64)}` })).toBe(0);
    for (const name of ['memoryBytes', 'cpus', 'pids', 'shmBytes'] as const) {
      expect(await found({ limits: { ...limits, [name]: limits[name] * 2 } }), name).toBe(0);
    }
  });
});

describe('a claim', () => {
  it('is won by one of many', async () => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const client = await docker();
    const { image } = await kindOf();
    const [waiting] = await findWaiting(client, await kindOf());
    const { token } = waiting!;
    const labels = { 'runner.managed': '1' };
    const won = await Promise.all(Array.from({ length: 12 }, () => claim(client, { image, token, labels })));
    expect(won.filter(Boolean)).toEqual([true]);
    await client.getContainer(waiting!.names.fill).remove();
  });

  it('of a trainer that ends before it has its plan gives way to a fresh one', async () => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const notices: string[] = [];
    const { docker: client, ...connection } = await testConnection();
    const create = client.createContainer.bind(client) as (body: object) => Promise<unknown>;
    client.createContainer = (async (body: object) => {
      const made = await create(body);
      for (const name of await warmContainers()) {
        // Only once: it is of no use to kill a trainer that has ended.
        await client
          .getContainer(name)
          .kill()
          .catch(() => undefined);
      }
      return made;
    }) as typeof client.createContainer;
    const run = await runInDocker(here, {
      ...{ connection: { docker: client, ...connection } },
      onNotice: (text) => notices.push(text),
    });
    expect(statusOf(run)).toEqual(['succeeded', null]);
    expect(attemptsOf(run.runDir)).toEqual(['1 warm', '2 cold']);
    expect(digestOf(run)).toBe(digestOf(cold));
    expect(notices).toEqual([
      expect.stringMatching(
        /^Container runner-warm-\w+ ended while it waited for a run\. The run starts a trainer of its own instead\.$/,
      ),
    ]);
  });
});

describe('a pool', () => {
  it('hardens its trainers like any other', async () => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const { HostConfig, Config } = await (await theWarmContainer()).inspect();
    const { image, limits } = await kindOf();
    const names = { labels: {}, inVolume: 'in', outVolume: 'out' };
    const asked = createOptions({ image, limits, ...names, command: [] });
    const { Mounts, ...settings } = asked.HostConfig!;
    expect(HostConfig).toMatchObject(settings);
    expect(HostConfig.Mounts!.map(({ Target, ReadOnly = false }) => [Target, ReadOnly])).toEqual(
      Mounts!.map(({ Target, ReadOnly = false }) => [Target, ReadOnly]),
    );
    expect([Config.User, Config.Env]).toEqual([asked.User, expect.arrayContaining(asked.Env!)]);
  });

  it('takes nothing with it that a run has taken', async () => {
    // So seldom that it has probably not seen that the trainer is taken.
    await using pool = await startPool(here, { size: 2, timing: { ...NEVER_AGAIN, lookAgainMs: 5000 } });
    await pool.ready(2);
    let seen: readonly string[] = [];
    let isOver: Promise<void> | undefined;
    const run = await runInDocker(here, {
      hyperparameters: ENDLESS,
      onEvent: ({ type }, { abort }) => {
        if (type !== 'checkpoint') return;
        isOver ??= pool.end().then(async () => {
          seen = await warmContainers();
          abort(new Error('seen'));
        });
      },
    });
    await isOver;
    expect(run.outcome.status).toBe('cancelled');
    expect(seen).toEqual([journalOf(run.runDir)[0]!.names!.container]);
  });

  it('leaves nothing when it is ended before its trainers are ready', async () => {
    await using pool = await startPool(here, { size: 3 });
    await pool.ready(0);
    await until(async () => (await warmContainers()).length > 0);
    await pool.end();
    expect(await warmContainers()).toEqual([]);
    expect(pool.sizes).toEqual([0]);
  });

  it('replaces a trainer that was killed, and says so', async () => {
    await using pool = await startPool(here);
    await pool.ready(1);
    const before = await warmContainers();
    await (await theWarmContainer()).kill();
    await until(async () => (await warmContainers()).some((name) => !before.includes(name)));
    await pool.ready(1);
    expect(pool.notices).toEqual(['A waiting trainer ended (exit status 137); another one takes its place.']);
    expect(pool.sizes.at(-1)).toBe(1);
  });

  it('has trainers that end when they are asked to', async () => {
    await using pool = await startPool(here);
    await pool.ready(1);
    const container = await theWarmContainer();
    const ended = container.wait() as Promise<{ StatusCode: number }>;
    await container.stop({ t: 300 }).catch(() => undefined);
    expect(await ended).toMatchObject({ StatusCode: 143 });
    await until(() => Promise.resolve(pool.notices.length > 0));
    expect(pool.notices).toEqual([
      'A waiting trainer ended (exit status 143, The run was cancelled.); another one takes its place.',
    ]);
  });

  it('gives up trainers that cannot start, and says why', async () => {
    await using pool = await startPool(here, { job: { ...mnistCnn, name: 'no-such-job' } });
    const error = await pool.failure;
    expect(error.code).toBe('crashed');
    expect(error.message).toMatch(
      /^A trainer ended before it was ready \(exit status 2, .*no-such-job.*\), and so did those before it\.$/,
    );
    const notice = expect.stringMatching(
      /^A trainer ended before it was ready \(exit status 2, .*no-such-job.*\); it is tried again\.$/,
    ) as unknown;
    expect(pool.notices).toEqual([notice, notice]);
    expect(pool.sizes).toEqual([0]);
  });

  it('ends when its data change: a run counts on what the label says', async () => {
    const dir = join(here.runsDir, '..', 'changing');
    mkdirSync(dir);
    writeMnistSubset(dir, { train: 300, test: 50 });
    const { digest } = await mnistCnn.loadData(dir);
    await using pool = await startPool(here, { data: { dir, digest } });
    await pool.ready(1);
    writeMnistSubset(dir, { train: 200, test: 50 });
    const after = await mnistCnn.loadData(dir);
    await (await theWarmContainer()).kill();
    expect(await pool.failure).toMatchObject({
      code: 'bad-data',
      message: `The data in ${dir} have changed: found ${after.digest}.`,
    });
  });

  it('outlives the daemon', async (test) => {
    requireOwnDaemon(test);
    await using pool = await startPool(here);
    await pool.ready(1);
    const before = await warmContainers();
    await restartDaemon();
    await until(async () => (await warmContainers()).some((name) => !before.includes(name)));
    await pool.ready(1);
    const run = await runInDocker(here);
    expect(attemptsOf(run.runDir)).toEqual(['1 warm']);
    expect(digestOf(run)).toBe(digestOf(cold));
  });
});

describe('kill -9', () => {
  it('of the pool leaves what runs have taken, and the rest to `runner gc`', async () => {
    using program = compileProgram('./programs/keep-warm.ts', import.meta.url);
    const { dataDir, dataset } = here;
    const data = { dir: dataDir, digest: dataset.digest };
    // On a slow machine it would be filled up again before the first checkpoint.
    const options = { size: 2, image: (await testImage()).id, data, timing: NEVER_AGAIN };
    const pool = program.run([JSON.stringify(options)], { env: { ...process.env, ...dockerEnv() } });
    await untilPrinted(pool, /^2 wait$/m);
    const all = await warmContainers();
    let garbage: readonly Garbage[] = [];
    let isSwept: Promise<void> | undefined;
    const run = await runInDocker(here, {
      hyperparameters: ENDLESS,
      onEvent: ({ type }, { abort }) => {
        if (type !== 'checkpoint') return;
        isSwept ??= (async () => {
          pool.child.kill('SIGKILL');
          await pool.ended;
          garbage = await sweep();
          abort(new Error('swept'));
        })();
      },
    });
    await isSwept;
    expect(run.outcome.status).toBe('cancelled');
    expect(run.outcome.training.stepsCompleted).toBeGreaterThan(0);
    const taken = journalOf(run.runDir)[0]!.names!.container;
    const left = all.find((name) => name !== taken)!;
    const seen = garbage.map(
      ({ name, verdict, why }) => `${name.replace(left, 'LEFT').replace(taken, 'TAKEN')}: ${verdict}, ${why}`,
    );
    expect(seen.sort()).toEqual(
      [
        'LEFT-in: removed, the process that made it is dead',
        'LEFT-out: removed, the process that made it is dead',
        'LEFT: removed, the process that made it is dead',
        ...['TAKEN', 'TAKEN-fill', 'TAKEN-in', 'TAKEN-out']
          .map((name) => `${name}: kept, the process that made it lives`)
          .sort((one, other) => (one < other ? -1 : 1)),
      ].sort(),
    );
  });

  it.each([
    ['before claim', ['1 warm', '2 cold']],
    ['after claim', ['1 warm', '2 cold']],
    ['before plan', ['1 warm', '2 cold']],
    ['after plan', ['1 warm', '2 cold']],
    ['training', ['1 warm']],
  ])('of the one who takes, %s, costs the run a fresh start at most', async (moment, attempts) => {
    await using pool = await startPool(here, { timing: NEVER_AGAIN });
    await pool.ready(1);
    const waiting = await warmContainers();
    using program = compileProgram('./programs/die-in-claim.ts', import.meta.url);
    const runsDir = join(here.runsDir, `killed ${moment}`);
    mkdirSync(runsDir);
    const request = { spec: specOf('docker', here, { epochs: 1 }), runsDir, image: await testImage() };
    const { ended } = program.run([moment, JSON.stringify(request)], {
      env: { ...process.env, ...dockerEnv() },
    });
    expect(await ended).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    const [abandoned, ...others] = await listAbandoned(runsDir);
    expect(others).toEqual([]);
    const finished = await finishAbandoned(
      abandoned!,
      { signal: new AbortController().signal, onEvent: () => undefined },
      { createRuntime: () => dockerRuntime(), clock: systemClock },
    );
    expect(statusOf(finished)).toEqual(['succeeded', null]);
    expect(attemptsOf(finished.runDir)).toEqual(attempts);
    expect(digestOf(finished)).toBe(digestOf(cold));
    // What it had not taken still waits.
    expect(await warmContainers()).toEqual(moment === 'before claim' ? waiting : []);
  });
});
