/** Daemon, network and disks fail, and nothing is lost that could be kept. */
import type Docker from 'dockerode';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../runtimes/docker/connection/connection.js';
import type { RunnerError } from '../../src/contract/errors.js';
import type { PlannedRun } from '../../src/contract/runtime.js';
import { listAbandoned } from '../../src/orchestrator/recover.js';
import { outcomeOf, surroundings, type Surroundings } from '../contract/support/modes.js';
import {
  docker,
  dockerEnv,
  expectNoLeftovers,
  hasDaemon,
  killDaemon,
  requireOwnDaemon,
  restartDaemon,
  startDaemon,
} from '../support/docker.js';
import { mountMemory } from '../support/mount.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { cutProxy } from './support/cut-proxy.js';
import { testImage } from './support/image.js';
import { faultImage, removeFaultImages } from './support/fault-images.js';
import { disown, expectWholeEvents, recover, stepsOf } from './support/recovery.js';
import {
  containerOf,
  dockerRuntime,
  ENDLESS,
  leftOf,
  runInDocker,
  type DockerRunOptions,
  type RunUnderTest,
  type WatchedRun,
} from './support/runs.js';

let here: Surroundings;
let digest: string | null;
beforeAll(async () => {
  if (!hasDaemon()) return;
  here = await surroundings({ train: 600, test: 100 });
  digest = (await runInDocker(here)).outcome.training.weightsDigest;
});
afterAll(async () => {
  if (!hasDaemon()) return;
  await removeFaultImages();
  here[Symbol.dispose]();
});
afterEach(expectNoLeftovers);

const shown = ({ outcome, error }: WatchedRun) => {
  const { status, reason, exitCode, signal, message } = outcome;
  return { status, reason, exitCode, signal, message, code: (error as RunnerError | undefined)?.code };
};
const expectSuccess = async (run: WatchedRun): Promise<void> => {
  expect(shown(run)).toEqual({
    ...{ status: 'succeeded', reason: null, exitCode: 0, signal: null, message: null, code: undefined },
  });
  expect(run.outcome.training.weightsDigest).toBe(digest);
  await expectWholeEvents(run);
};
/** Acts once, when the trainer has its engine: long before it ends. */
const onceRunning = (act: (run: RunUnderTest) => unknown) => {
  let done = false;
  return ({ type }: { type: string }, run: RunUnderTest): void => {
    if (done || type !== 'phase') return;
    done = true;
    void act(run);
  };
};

describe('a daemon', () => {
  it('that is restarted ends its trainers', async (test) => {
    requireOwnDaemon(test);
    let restarted: Promise<void> | undefined;
    const run = await runInDocker(here, {
      hyperparameters: ENDLESS,
      onEvent: ({ type }) => {
        if (type === 'checkpoint') restarted ??= restartDaemon(['--live-restore']);
      },
    });
    await restarted;
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'daemon-restarted', exitCode: 143, signal: 'SIGTERM' },
      ...{ code: 'daemon-restarted' },
      message: 'The Docker daemon was restarted or away during the run, and the trainer ended (SIGTERM).',
    });
    // It was asked to end, and had the time for it.
    expect(run.outcome.training.stepsCompleted).toBeGreaterThan(0);
    expect(existsSync(join(run.runDir, 'checkpoints'))).toBe(true);
  });

  it('that is restarted, and then crashes, and leaves its containers alone is waited for', async (test) => {
    requireOwnDaemon(test);
    let restarted: Promise<void> | undefined;
    const onEvent = onceRunning(() => {
      restarted = restartDaemon(['--live-restore'])
        .then(killDaemon)
        .then(() => startDaemon(['--live-restore']));
    });
    const run = await runInDocker(here, { onEvent });
    await restarted;
    await expectSuccess(run);
  });

  it('that was away when the run was cancelled is asked to end it in good order when it is back', async (test) => {
    requireOwnDaemon(test);
    let back: Promise<void> | undefined;
    const run = await runInDocker(here, {
      hyperparameters: ENDLESS,
      onEvent: ({ type }, { abort }) => {
        if (type !== 'checkpoint') return;
        back ??= killDaemon().then(async () => {
          abort(new Error('cancelled by the test'));
          await startDaemon(['--live-restore']);
        });
      },
    });
    await back;
    expect(shown(run)).toMatchObject({ status: 'cancelled', exitCode: 143, signal: 'SIGTERM' });
  });

  it('that stays away for a cancelled run is asked by whoever recovers that', async (test) => {
    requireOwnDaemon(test);
    let killed: Promise<void> | undefined;
    const run = await runInDocker(here, {
      hyperparameters: ENDLESS,
      timing: { daemonPatienceMs: 1000 },
      onEvent: ({ type }, { abort }) => {
        if (type !== 'checkpoint') return;
        killed ??= killDaemon().then(() => abort(new Error('cancelled by the test')));
      },
    });
    await killed;
    expect(run.outcome).toMatchObject({ status: 'lost', reason: 'daemon-unreachable' });
    expect(run.outcome.training.epochsCompleted).toBeGreaterThan(0);
    expect(stepsOf(run).at(-1)).toBe('stopping');
    await startDaemon(['--live-restore']);
    disown(run);
    expect(shown(await recover(run))).toMatchObject({
      ...{ status: 'cancelled', reason: 'interrupted', exitCode: 143, signal: 'SIGTERM' },
    });
  });

  it('that stays away costs nothing but time: the run is lost, and found when it is back', async (test) => {
    requireOwnDaemon(test);
    let killed: Promise<void> | undefined;
    const run = await runInDocker(here, {
      timing: { daemonPatienceMs: 1000 },
      onEvent: onceRunning(() => (killed = killDaemon())),
    });
    await killed;
    const lost = {
      ...{ status: 'lost', reason: 'daemon-unreachable', exitCode: null, signal: null },
      code: 'daemon-unreachable',
    };
    expect(shown(run)).toEqual({ ...lost, message: 'The Docker daemon went away during the run.' });
    expect((run.error as RunnerError).hint).toMatch(/Then `runner recover` finishes the run\.$/);

    disown(run);
    const again = await recover(run, { runtime: await dockerRuntime({ timing: { daemonPatienceMs: 0 } }) });
    expect(shown(again)).toEqual({ ...lost, message: expect.stringMatching(/^No answer about /) as string });

    await startDaemon(['--live-restore']);
    expect(await leftOf(run.runId)).toContain(`runner-${run.runId}-1`);
    disown(run);
    expect((await listAbandoned(here.runsDir)).map(({ runId }) => runId)).toEqual([run.runId]);
    await expectSuccess(await recover(run));
    expect(outcomeOf(run.runDir).status).toBe('succeeded');
    expect(await listAbandoned(here.runsDir)).toEqual([]);
    await restartDaemon();
  });

  it('that was never there leaves nothing to clear away', async () => {
    const connection = await connect({ ...dockerEnv(), DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    const run = await runInDocker(here, { connection });
    expect(shown(run)).toMatchObject({
      ...{ status: 'failed', reason: 'daemon-unreachable', code: 'daemon-unreachable' },
    });
    expect((run.error as RunnerError).exitCode).toBe(3);
    expect(stepsOf(run)).toEqual([]);
    disown(run);
    expect(await listAbandoned(here.runsDir)).toEqual([]);
  });
});

/** As if the run had begun two hours before. */
function beginEarlier({ runDir }: PlannedRun): void {
  const path = join(runDir, 'request.json');
  const request = JSON.parse(readFileSync(path, 'utf8')) as { startedAt: number };
  writeFileSync(path, JSON.stringify({ ...request, startedAt: request.startedAt - 7_200_000 }));
}

/** Takes all but `left` bytes of a file system. */
function fill(path: string, left: number): void {
  const { bavail, bsize } = statfsSync(join(path, '..'));
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

/** Its logs are read through `through`; all else is as it was. */
function withLogs(client: Docker, through: (stream: Readable) => Readable): Docker {
  const overlay = <T extends object>(target: T, name: string, value: unknown): T =>
    new Proxy(target, {
      get: (_target, key) => {
        if (key === name) return value;
        const found: unknown = Reflect.get(target, key);
        return typeof found === 'function' ? (found.bind(target) as unknown) : found;
      },
    });
  return overlay(client, 'getContainer', (id: string) => {
    const container = client.getContainer(id);
    const logs = async (options: Docker.ContainerLogsOptions & { follow: true }): Promise<Readable> => {
      const stream = await container.logs(options);
      if (!(stream instanceof Readable)) throw new Error('no readable stream');
      return through(stream);
    };
    return overlay(container, 'logs', logs);
  });
}

/** A daemon that has nothing. */
async function emptyDaemon(folder: string): Promise<{ readonly address: string } & AsyncDisposable> {
  const path = join(folder, 'empty.sock');
  const server = createServer((request, response) => {
    const [what = ''] = /containers|volumes/.exec(request.url ?? '') ?? [];
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ message: `No such ${what.slice(0, -1)}: x` }));
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    address: `unix://${path}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describe('a connection', () => {
  it('that is cut again and again loses no line and is not taken for the end', async () => {
    await using proxy = await cutProxy();
    const connection = await connect({ ...dockerEnv(), DOCKER_HOST: proxy.address });
    let cuts = 0;
    const run = await runInDocker(here, {
      connection,
      timing: { pollMs: 300 },
      onEvent: () => {
        cuts += 1;
        proxy.cut();
      },
    });
    expect(cuts).toBe(run.told.length);
    await expectSuccess(run);
  });

  it('whose streams end in good order, as a proxy ends them, loses no line either', async () => {
    const connection = await connect(dockerEnv());
    let ends = 0;
    const run = await runInDocker(here, {
      connection: {
        ...connection,
        docker: withLogs(connection.docker, (stream) => {
          const cut = new PassThrough();
          if (ends === 5) return stream;
          ends += 1;
          stream.once('data', () =>
            setImmediate(() => {
              stream.unpipe(cut);
              stream.destroy();
              cut.end();
            }),
          );
          return stream.pipe(cut);
        }),
      },
    });
    expect(ends).toBe(5);
    await expectSuccess(run);
  });
});

describe('a full disk', () => {
  it('under the run directory loses the run from sight only, and another daemon is not asked in vain', async (test) => {
    using folder = temporaryDirectory();
    using _mounted = mountMemory(test, folder.path, 'size=64m');
    const filler = join(folder.path, 'filler');
    const run = await runInDocker(here, {
      runsDir: folder.path,
      limits: { timeoutMs: 3_600_000 },
      onEvent: onceRunning(() => fill(filler, 512 * 1024)),
    });
    expect(shown(run)).toEqual({
      ...{ status: 'lost', reason: 'disk-full', exitCode: null, signal: null, code: 'disk-full' },
      message: expect.stringMatching(
        /^Cannot write .*\.collected.*: no space is left on the device\.$/,
      ) as string,
    });
    expect((run.error as RunnerError).hint).toBe(
      'Free disk space where the message says. Then `runner recover` finishes the run.',
    );
    expect(outcomeOf(run.runDir).status).toBe('lost');
    expect(stepsOf(run).at(-1)).toBe('ended');
    for (const name of ['artifacts', 'exit.json', '.collected', '.collected.partial']) {
      expect(existsSync(join(run.runDir, name)), name).toBe(false);
    }
    rmSync(filler);

    await using other = await emptyDaemon(folder.path);
    disown(run);
    const connection = await connect({ ...dockerEnv(), DOCKER_HOST: other.address });
    const elsewhere = await recover(run, { runtime: await dockerRuntime({ connection }) });
    expect(shown(elsewhere)).toEqual({
      ...{ status: 'lost', reason: 'daemon-unreachable', exitCode: null, signal: null },
      code: 'daemon-unreachable',
      message: expect.stringMatching(/^Run \S+ was begun on the Docker daemon at \S+; the one at/) as string,
    });

    // What it had done in time counts, however late it is found.
    disown(run);
    beginEarlier(run);
    await expectSuccess(await recover(run));
    expect(stepsOf(run).slice(-3)).toEqual(['ended', 'collected', 'removed']);
  });

  it('that fills up while the trainer is followed loses it from sight only', async (test) => {
    using folder = temporaryDirectory();
    using _mounted = mountMemory(test, folder.path, 'size=64m');
    const filler = join(folder.path, 'filler');
    let planned: PlannedRun | undefined;
    const training = runInDocker(here, {
      runsDir: folder.path,
      // More events than fit into what a file of this file system has in any case.
      hyperparameters: { epochs: 40, earlyStopping: false },
      onEvent: onceRunning((run) => {
        planned = run;
        fill(filler, 0);
      }),
    });
    // Not even its outcome can be written.
    await expect(training).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(/^Cannot write .*events\.ndjson: no space is left/) as string,
      hint: 'Free disk space where the message says. Then `runner recover` finishes the run.',
      suppressed: [
        { code: 'disk-full', message: expect.stringMatching(/^Cannot write .*outcome\.json: /) as string },
      ],
    });
    rmSync(filler);
    expect(stepsOf(planned!).at(-1)).toBe('started');
    disown(planned!);
    const run = await recover(planned!);
    expect(shown(run)).toMatchObject({ status: 'succeeded', message: null });
    expect(run.outcome.training.epochsCompleted).toBe(40);
    await expectWholeEvents(run);
  });

  it('under the trainer is what the run has failed of, and it says so where it still can', async () => {
    // It is in memory, and gone with the container: there is only what the trainer has said.
    const DriverOpts = { type: 'tmpfs', device: 'tmpfs', o: 'size=4m,uid=10001' };
    const run = await runInDocker(here, { outVolume: { Driver: 'local', DriverOpts } });
    expect(shown(run)).toEqual({
      ...{ status: 'failed', reason: 'disk-full', exitCode: 3, signal: null, code: 'disk-full' },
      message: expect.stringMatching(/^Cannot write \/out\/.*: no space is left on the device\.$/) as string,
    });
    expect(run.outcome.training.stepsCompleted).toBeGreaterThan(0);
    expect(existsSync(join(run.runDir, 'exit.json'))).toBe(false);
  });
});

describe('a run that is found again', () => {
  /** Lost sight of at its first event, and left by its process. */
  const lostAtOnce = async (options: DockerRunOptions): Promise<WatchedRun> => {
    const run = await runInDocker(here, {
      ...options,
      onEvent: () => {
        throw new Error('a defect');
      },
    });
    expect(shown(run)).toMatchObject({ status: 'lost', code: 'internal', message: 'a defect' });
    expect(stepsOf(run).at(-1)).toBe('started');
    disown(run);
    return run;
  };

  it('too late is ended by whoever finds it', async () => {
    const run = await lostAtOnce({ hyperparameters: ENDLESS, limits: { timeoutMs: 3_600_000 } });
    beginEarlier(run);
    expect(shown(await recover(run))).toEqual({
      ...{ status: 'timed-out', reason: 'timeout', exitCode: 143, signal: 'SIGTERM', code: 'timeout' },
      message: 'The run took longer than its limit of 3600 s.',
    });
  });

  it('without its container has ended, and what is left of it goes', async () => {
    const run = await lostAtOnce({ hyperparameters: ENDLESS });
    await (await docker()).getContainer(containerOf(run.runId)).remove({ force: true });
    expect(shown(await recover(run))).toEqual({
      ...{ status: 'failed', reason: 'killed', exitCode: null, signal: null, code: 'killed' },
      message: "The trainer's container is gone: somebody has removed it.",
    });
    expect(await leftOf(run.runId)).toEqual([]);
  });

  it("with a stranger's container of its name in its place leaves that alone", async () => {
    const run = await lostAtOnce({ hyperparameters: ENDLESS });
    const client = await docker();
    const name = containerOf(run.runId);
    await client.getContainer(name).remove({ force: true });
    const theirs = await client.createContainer({ name, Image: (await testImage()).id });
    try {
      expect(shown(await recover(run))).toMatchObject({
        ...{ status: 'failed', code: 'container-conflict' },
        message: `There is a container ${name} that this run has not made.`,
      });
      expect(await leftOf(run.runId)).toEqual([name]);
    } finally {
      await theirs.remove();
    }
  });

  it('on a machine that was started anew is told from one whose trainer has crashed', async () => {
    // The daemon's own word for a container that ended while nobody looked.
    const run = await lostAtOnce({ image: await faultImage('ends with status 255') });
    expect(shown(await recover(run))).toMatchObject({
      ...{ status: 'failed', reason: 'daemon-restarted', exitCode: 255, signal: null },
    });
  });
});
