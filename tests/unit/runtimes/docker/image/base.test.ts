import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ensureBase } from '../../../../../runtimes/docker/image/base.js';
import { baseRecipe } from '../../../../../runtimes/docker/image/make-base.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { fakeDaemon, type FakeImage, statusError } from './fake-daemon.js';

const NODE: FakeImage = {
  ...{ Id: 'sha256:aaa', RepoTags: ['node:22-bookworm-slim'], Labels: null },
  Env: ['PATH=/bin', 'NODE_VERSION=22.23.3'],
};

/** What was told meanwhile, beside the signal that ends it. */
function told(signal = new AbortController().signal) {
  const steps: unknown[] = [];
  const notices: string[] = [];
  const options = {
    ...{ env: {}, packageDir: '/no/such/folder', signal },
    onProgress: (step: unknown) => steps.push(step),
    onNotice: (text: string) => notices.push(text),
  };
  return { steps, notices, options };
}

const lines = (...messages: readonly unknown[]): AsyncIterable<string> =>
  Readable.from(messages.map((message) => `${JSON.stringify(message)}\n`));

describe('the base image', () => {
  afterEach(() => vi.useRealTimers());

  it('is taken as the daemon has it, and no registry is asked', async () => {
    const { connection, requests } = fakeDaemon([NODE]);
    const { options, steps, notices } = told();
    expect(await ensureBase(connection, 'node:22-bookworm-slim', options)).toEqual({
      ...{ name: 'node:22-bookworm-slim', id: 'sha256:aaa', nodeVersion: '22.23.3' },
    });
    expect(requests).toEqual(['inspect node:22-bookworm-slim']);
    expect({ steps, notices }).toEqual({ steps: [], notices: [] });
  });

  it('is pulled where it is not there, and says how far that is', async () => {
    const daemon = fakeDaemon([], {
      pull: () => {
        daemon.images.push({ ...NODE, Env: [] });
        return Promise.resolve(
          lines(
            { status: 'Pulling from library/node', id: '22-bookworm-slim' },
            { status: 'Downloading', id: 'a', progressDetail: { current: 10, total: 30 } },
            { status: 'Downloading', id: 'b', progressDetail: { current: 10, total: 10 } },
            { status: 'Download complete', id: 'a', progressDetail: {} },
            { status: 'Extracting', id: 'a', progressDetail: { current: 1, total: 30 } },
          ),
        );
      },
    });
    const { options, steps } = told();
    const base = await ensureBase(daemon.connection, 'node:22-bookworm-slim', options);
    expect(base).toEqual({ name: 'node:22-bookworm-slim', id: 'sha256:aaa', nodeVersion: undefined });
    const title = 'Pulling the base image node:22-bookworm-slim';
    expect(steps).toEqual([
      { title },
      { title },
      { title, share: 10 / 30 },
      { title, share: 20 / 40 },
      { title, share: 0.99 },
      { title, share: 0.99 },
      { title, share: 1 },
    ]);
  });

  it('of the user is never replaced by another', async () => {
    for (const pull of [
      () => Promise.reject(statusError(404, 'pull access denied for mine/node')),
      () => Promise.resolve(lines({ error: 'pull access denied for mine/node' })),
    ]) {
      const { options, notices } = told();
      const base = ensureBase(fakeDaemon([], { pull }).connection, 'mine/node:1', options);
      await expect(base).rejects.toMatchObject({
        code: 'image-base-missing',
        message: expect.stringMatching(
          /^The base image mine\/node:1 could not be pulled: .*pull access denied for mine\/node/,
        ) as string,
        hint: expect.stringContaining('--base IMAGE') as string,
      });
      expect(notices).toEqual([]);
    }
  });

  it('is given up when the registry says nothing for half a minute', async () => {
    vi.useFakeTimers();
    async function* silent(): AsyncGenerator<string> {
      yield '{"status":"Pulling"}\n';
      await vi.advanceTimersByTimeAsync(29_999);
      yield '{"status":"Waiting"}\n';
      await vi.advanceTimersByTimeAsync(30_001);
      // As dockerode's stream ends when its request is aborted.
      throw new Error('aborted');
    }
    const daemon = fakeDaemon([], { pull: () => Promise.resolve(silent()) });
    await expect(ensureBase(daemon.connection, 'mine/node:1', told().options)).rejects.toMatchObject({
      code: 'image-base-missing',
      message: 'The base image mine/node:1 could not be pulled: the registry was silent for 30 s',
    });
  });

  it('is one made here earlier where the default cannot be pulled, and that is said', async (test) => {
    const recipe = await baseRecipe();
    if (recipe === undefined) return test.skip('this is no Debian or Ubuntu');
    const made: FakeImage = { ...NODE, Id: 'sha256:bbb', RepoTags: [recipe.name] };
    const { options, notices } = told();
    const base = await ensureBase(fakeDaemon([made]).connection, 'node:22-bookworm-slim', options);
    expect(base).toMatchObject({ name: recipe.name, id: 'sha256:bbb' });
    expect(notices).toEqual([
      expect.stringMatching(/^The base image node:22-bookworm-slim could not be pulled: .*manifest unknown/),
    ]);
    expect(notices[0]).toContain(
      `One that was made here is taken instead, out of ${recipe.suite} packages and this machine's Node ${process.versions.node}: ${recipe.name}.`,
    );
  });

  it('ends with the reason of whoever cancels it', async () => {
    const controller = new AbortController();
    const daemon = fakeDaemon([], {
      pull: () => {
        controller.abort(new Error('enough'));
        return Promise.reject(new Error('aborted'));
      },
    });
    const base = ensureBase(daemon.connection, 'node:22-bookworm-slim', told(controller.signal).options);
    await expect(base).rejects.toThrow('enough');
  });
});

describe('a base that is made here', () => {
  it('is named after the Node and the distribution that are in it', async () => {
    using folder = temporaryDirectory();
    const path = join(folder.path, 'os-release');
    writeFileSync(path, 'NAME="Debian GNU/Linux"\nVERSION_CODENAME=trixie\nID=debian\n');
    const recipe = await baseRecipe(path, folder.path);
    const nodeVersion = process.versions.node;
    expect(recipe).toEqual({ name: `runner-base:node-${nodeVersion}-trixie`, nodeVersion, suite: 'trixie' });
  });

  it('is none on other systems', async () => {
    using folder = temporaryDirectory();
    const path = join(folder.path, 'os-release');
    expect(await baseRecipe(path, folder.path)).toBeUndefined();
    writeFileSync(path, 'NAME="Alpine Linux"\nID=alpine\n');
    expect(await baseRecipe(path, folder.path)).toBeUndefined();
    writeFileSync(path, 'VERSION_CODENAME=trixie\n');
    expect(await baseRecipe(path, join(folder.path, 'no-apt'))).toBeUndefined();
  });
});
