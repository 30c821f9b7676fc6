/** What goes on at once while a container is made, and what becomes of one when another fails. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import { createDockerRuntime } from '../../../../../runtimes/docker/index.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { CLOCK, SPEC } from '../../../orchestrator/specs.js';
import { fakeThings, statusError } from '../fake-things.js';

const RUN_ID = '20260301-140509-abcdef';
const TRAINER = `runner-${RUN_ID}-1`;
const HELPER = `${TRAINER}-fill`;
const DATA_BYTES = 8 * 1024 ** 2;
const IMAGE = { tag: 'runner-trainer:cpu-0123456789abcdef', id: `sha256:${'a'.repeat(64)}`, bytes: 812 };

type Daemon = ReturnType<typeof fakeThings>;
type FakeDocker = Daemon['docker'];
type Made = Parameters<FakeDocker['createContainer']>[0];
interface Ended {
  readonly abortSignal: AbortSignal;
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

/** A run on a daemon of which some answers are others. */
function dockerRun(daemon: Daemon, answers: (docker: FakeDocker) => object) {
  const directory = temporaryDirectory();
  const run = {
    runId: RUN_ID,
    runDir: join(directory.path, RUN_ID),
    spec: { ...SPEC, mode: 'docker' as const },
  };
  mkdirSync(run.runDir);
  const data = join(directory.path, 'images');
  writeFileSync(data, Buffer.alloc(DATA_BYTES));
  const runtime = createDockerRuntime({
    connection: {
      ...daemon.connection,
      docker: { ...daemon.docker, ...answers(daemon.docker) } as unknown as Docker,
    },
    image: IMAGE,
    job: { dataFiles: () => Promise.resolve([data]) },
    clock: CLOCK,
    owner: 'h/1/1',
    timing: { daemonPatienceMs: 0 },
  });
  const planned = { ...run, evaluate: false };
  return {
    result: () => runtime.run(planned, { signal: new AbortController().signal, onEvent: () => undefined }),
    release: () => runtime.release?.(planned),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

describe('a container that the daemon refuses', () => {
  it.each([
    [400, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available', 'bad-spec'],
    [404, `No such image: ${IMAGE.id}`, 'image-missing'],
    [
      409,
      `Conflict. The container name "/${TRAINER}" is already in use by container "x"`,
      'container-conflict',
    ],
  ])('with %i ends the copying of the data, and nothing is left', async (status, words, code) => {
    const daemon = fakeThings({});
    let copied = 0;
    const copying = gate();
    using run = dockerRun(daemon, (docker) => ({
      createContainer: async (made: Made) => {
        if (made.name !== HELPER) {
          await copying.opened;
          throw statusError(status, words);
        }
        const { id } = await docker.createContainer(made);
        return {
          id,
          // Takes no more than the first of it, until it is told that no more will come.
          putArchive: async (archive: Readable, { abortSignal }: Ended) => {
            for await (const chunk of archive) {
              copied += (chunk as Buffer).length;

              copying.open();
              await new Promise((resolve) => abortSignal.addEventListener('abort', resolve));
              abortSignal.throwIfAborted();
            }
          },
        };
      },
    }));
    await expect(run.result()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
    expect(copied).toBeLessThan(DATA_BYTES / 2);
    expect(daemon.left().sort()).toEqual([HELPER, `${TRAINER}-in`, `${TRAINER}-out`]);
    await run.release();
    expect(daemon.left()).toEqual([]);
  });
});

describe('the helper through which the data went', () => {
  /** A daemon whose trainer ends once its log is asked for, and has no results. */
  const trains = (
    acts: string[],
    removeHelper: (gone: () => Promise<void>, options: Ended) => Promise<void>,
  ) => {
    const watched = gate();
    const daemon = fakeThings({});
    const trainer = {
      start: () => Promise.resolve(void acts.push('started')),
      logs: () => {
        acts.push('watched');
        watched.open();
        return Promise.resolve(Readable.from([]));
      },
      stats: () => Promise.reject(statusError(500)),
      getArchive: () => Promise.reject(statusError(404)),
    };
    const answers = (docker: FakeDocker) => ({
      createContainer: async (made: Made) => ({
        ...(await docker.createContainer(made)),
        putArchive: buffer,
      }),
      getContainer: (name: string) => {
        const container = docker.getContainer(name);
        if (name === HELPER) {
          return {
            ...container,
            remove: (options: Ended) => removeHelper(() => container.remove({}), options),
          };
        }
        const inspect = async () => ({ ...(await container.inspect()), ...ENDED });
        return { ...container, ...trainer, inspect };
      },
    });
    return { daemon, watched: watched.opened, answers };
  };
  const ENDED = {
    Name: TRAINER,
    State: {
      ...{ Status: 'exited', Running: false, ExitCode: 1, OOMKilled: false, Error: '' },
      ...{ StartedAt: '', FinishedAt: '' },
    },
  };

  it('is removed while the trainer is watched already', async () => {
    const acts: string[] = [];
    const { daemon, watched, answers } = trains(acts, async (gone, { abortSignal }) => {
      acts.push('asked to go');
      await watched;
      acts.push(abortSignal.aborted ? 'given up' : 'gone');
      await gone();
    });
    using run = dockerRun(daemon, answers);
    await expect(run.result()).resolves.toMatchObject({ status: 'failed', reason: 'killed' });
    expect(acts[0]).toBe('started');
    expect(acts.toSorted()).toEqual(['asked to go', 'gone', 'started', 'watched', 'watched']);
    expect(daemon.left()).not.toContain(HELPER);
  });

  it('is in nobody’s way where it does not go then: it goes with all that was made', async () => {
    let asked = 0;
    const { daemon, answers } = trains([], (gone) => {
      asked += 1;
      return asked === 1 ? Promise.reject(statusError(500, 'device or resource busy')) : gone();
    });
    using run = dockerRun(daemon, answers);
    await expect(run.result()).resolves.toMatchObject({ status: 'failed', reason: 'killed' });
    expect(daemon.left()).toContain(HELPER);
    await run.release();
    expect(daemon.left()).toEqual([]);
  });
});
