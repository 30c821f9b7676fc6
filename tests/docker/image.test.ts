/** The trainer's image on a real daemon: built, as it should be, and gone without a trace when it cannot be built. */
import type Docker from 'dockerode';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ensureImage,
  findImage,
  IMAGE_LABELS,
  IN_IMAGE,
  listImages,
  planImage,
  removeImages,
} from '../../runtimes/docker/image/index.js';
import { readTrainerFiles } from '../../runtimes/docker/image/trainer-files.js';
import type { DaemonConnection } from '../../runtimes/docker/connection/connection.js';
import { prepareEngine } from '../../src/engine/prepare-engine.js';
import { ROOT } from '../../scripts/lib/checkout.mjs';
import { importTestImage } from '../support/docker.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { FakePackage } from '../unit/runtimes/docker/image/package.js';
import { testConnection, testImage } from './support/image.js';

const HARDENED = {
  NetworkMode: 'none',
  ReadonlyRootfs: true,
  Init: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
} satisfies Docker.HostConfig;

/** Everything on the daemon, in a form to be compared. */
async function everything({ docker }: DaemonConnection): Promise<unknown> {
  const [images, containers, { Volumes }] = await Promise.all([
    docker.listImages({ all: true }),
    docker.listContainers({ all: true }),
    docker.listVolumes(),
  ]);
  return {
    images: images.map(({ Id, RepoTags }) => [Id, RepoTags]).sort(),
    containers: containers.map(({ Id }) => Id).sort(),
    volumes: Volumes.map(({ Name }) => Name).sort(),
  };
}

/** Runs a program in a container of an image, to its end. */
async function run(
  { docker }: DaemonConnection,
  image: string,
  options: Docker.ContainerCreateOptions,
): Promise<{ status: number; output: string }> {
  const container = await docker.createContainer({
    ...{ Image: image, Cmd: [], Tty: true, Env: ['NO_COLOR=1'], HostConfig: HARDENED },
    ...options,
  });
  try {
    const ended = container.wait({ condition: 'next-exit' }) as Promise<{ StatusCode: number }>;
    ended.catch(() => undefined);
    await container.start();
    const { StatusCode: status } = await ended;
    const output = await container.logs({ stdout: true, stderr: true });
    return { status, output: output.toString().replaceAll('\r\n', '\n') };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

describe("the trainer's image", () => {
  it('is built once: asked for again, the daemon is asked one question', async () => {
    const { tag, id } = await testImage();
    const connection = await testConnection();
    const asked: string[] = [];
    const docker = new Proxy(connection.docker, {
      get(target, name, receiver): unknown {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]): unknown => {
          asked.push([name, ...args].map(String).join(' '));
          return Reflect.apply(value, target, args);
        };
      },
    });
    const plan = await planImage({ engine: await prepareEngine(), kind: 'cpu' });
    const image = await ensureImage({ ...connection, docker }, plan, {
      onProgress: ({ title }) => expect.fail(title),
    });
    expect(image).toMatchObject({ tag, id, built: false, buildMs: 0 });
    expect(asked).toEqual([`getImage ${tag}`]);
  });

  it('says what it is, runs as nobody in particular, and asks for no volumes', async () => {
    const { tag, id, bytes, labels } = await testImage();
    const { docker } = await testConnection();
    const { Config } = await docker.getImage(tag).inspect();
    expect(Config).toMatchObject({
      User: '10001:10001',
      Entrypoint: [IN_IMAGE.node, IN_IMAGE.main],
      Cmd: ['--plan', '/in/plan.json', '--out', '/out', '--engine', IN_IMAGE.engine],
      Volumes: null,
      Env: ['PATH=/usr/local/bin', 'NODE_ENV=production', 'HOME=/tmp'],
    });
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const { digest = '' } = /-(?<digest>[0-9a-f]{16})$/.exec(tag)?.groups ?? {};
    expect(labels).toEqual({
      [IMAGE_LABELS.managed]: '1',
      [IMAGE_LABELS.sourceDigest]: expect.stringMatching(`^sha256:${digest}[0-9a-f]{48}$`) as string,
      [IMAGE_LABELS.engine]: 'cpu',
      [IMAGE_LABELS.engineVersion]: (await prepareEngine()).version,
      [IMAGE_LABELS.nodeVersion]: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
      [IMAGE_LABELS.baseName]: expect.stringMatching(/^(node|runner-base):/) as string,
      [IMAGE_LABELS.baseId]: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      'org.opencontainers.image.title': 'runner trainer',
      'org.opencontainers.image.version': version,
    });
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(bytes).toBeLessThan(800e6);
  });

  it('loads all that a trainer loads without a network, on a root that nobody can write', async () => {
    const connection = await testConnection();
    const { tag, labels } = await testImage();
    const { status, output } = await run(connection, tag, {
      Entrypoint: [IN_IMAGE.node, IN_IMAGE.check, IN_IMAGE.app, IN_IMAGE.engine],
    });
    expect(output).toMatch(
      new RegExp(
        `^TensorFlow ${labels[IMAGE_LABELS.engineVersion]}, Node ${labels[IMAGE_LABELS.nodeVersion]}, a picture of \\d{4,} bytes\\n$`,
      ),
    );
    expect(status).toBe(0);
  });

  it('has no shell, no package manager, and nothing else but Node to run', async () => {
    const connection = await testConnection();
    const { tag } = await testImage();
    for (const shell of ['/bin/sh', 'sh', '/bin/bash']) {
      // docker-init, where it is used, is what Docker starts.
      const options = { Entrypoint: [shell], HostConfig: { ...HARDENED, Init: false } };
      await expect(run(connection, tag, options)).rejects.toThrow(
        /no such file or directory|executable file not found/,
      );
    }
    const list = `
      const { readdirSync, statSync } = require('node:fs');
      const skipped = ['/proc', '/sys', '/dev', '/opt/runner'];
      const list = (folder) => readdirSync(folder || '/').flatMap((name) => {
        const path = folder + '/' + name;
        if (skipped.includes(path)) return [];
        const found = statSync(path);
        if (found.isDirectory()) return list(path);
        return found.mode & 0o111 && !/\\.so(\\.\\d+)*$/.test(path) ? [path] : [];
      });
      console.log(list('').join(' '));`;
    const { output } = await run(connection, tag, { Entrypoint: [IN_IMAGE.node, '-e', list] });
    // Docker puts its own files into every container.
    const programs = output
      .trim()
      .split(' ')
      .filter((path) => !['/.dockerenv', '/sbin/docker-init'].includes(path));
    expect(programs).toEqual([IN_IMAGE.node]);
  });

  it('gives new volumes to its user, and nothing else to write', async () => {
    const connection = await testConnection();
    const { tag } = await testImage();
    const script = `
      const { writeFileSync } = require('node:fs');
      for (const folder of ['/in', '/out', '/tmp', '/', '/opt/runner/app', '/etc']) {
        try {
          writeFileSync(folder + '/file', '');
          console.log(folder, 'ok');
        } catch (error) {
          console.log(folder, error.code);
        }
      }
      console.log(process.getuid(), process.getgid(), require('node:os').userInfo().username);`;
    const { output } = await run(connection, tag, {
      Entrypoint: [IN_IMAGE.node, '-e', script],
      Volumes: { '/in': {}, '/out': {} },
      HostConfig: { ...HARDENED, ReadonlyRootfs: false },
    });
    expect(output.trim().split('\n')).toEqual([
      ...['/in ok', '/out ok', '/tmp ok', '/ EACCES', '/opt/runner/app EACCES', '/etc EACCES'],
      '10001 10001 runner',
    ]);
  });

  it('is built by BuildKit as well', async () => {
    const connection = await testConnection();
    const { labels } = await testImage();
    const engine = await prepareEngine();
    // The same upon a base that is named: another tag, so that nobody takes it for the tests' image.
    const plan = await planImage({ engine, kind: 'cpu', base: labels[IMAGE_LABELS.baseId]! });
    const named = { ...plan, base: labels[IMAGE_LABELS.baseName]! };
    const image = await ensureImage(connection, named, { builder: 'buildkit', force: true });
    try {
      expect(image).toMatchObject({ built: true, tag: plan.tag });
      const { status, output } = await run(connection, image.id, {
        Entrypoint: [IN_IMAGE.node, '-e', `console.log(fs.statSync('/out').uid, process.getuid())`],
      });
      expect({ status, output }).toEqual({ status: 0, output: '10001 10001\n' });
    } finally {
      await removeImages(connection, { names: [image.tag] });
      await connection.docker.pruneBuilder();
    }
  });
});

describe('a build', () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let fake: FakePackage;
  let connection: DaemonConnection;
  let base: string;
  let before: unknown;
  beforeEach(async () => {
    connection = await testConnection();
    base = await importTestImage(connection.docker);
    folder = temporaryDirectory();
    fake = new FakePackage(folder.path);
    before = await everything(connection);
  });
  afterEach(async () => {
    folder[Symbol.dispose]();
    expect(await everything(connection)).toEqual(before);
  });

  const dockerfile = (...lines: readonly string[]): void =>
    fake.write(
      'Dockerfile.trainer',
      [
        'ARG BASE',
        'FROM ${BASE} AS rootfs',
        'LABEL runner.image-stage=rootfs',
        'COPY docker/check-image.mjs /first',
        'FROM ${BASE} AS trainer',
        'LABEL runner.managed-image=1',
        'COPY --from=rootfs /first /second',
        ...lines,
        '',
      ].join('\n'),
    );

  it('that fails says why in the builder’s words, and leaves nothing', async () => {
    dockerfile('RUN ["/bin/sh", "-c", "echo the reason >&2; exit 3"]');
    const plan = await fake.plan({ base });
    await expect(ensureImage(connection, plan)).rejects.toMatchObject({
      code: 'image-build-failed',
      message: expect.stringMatching(
        new RegExp(`^The image ${plan.tag} could not be built: .*non-zero code: 3.*the reason`, 's'),
      ) as string,
    });
  });

  it('with an engine that does not load fails, and leaves nothing', async () => {
    const { labels } = await testImage();
    before = await everything(connection);
    const trainerFiles = await readTrainerFiles();
    const options = { engine: fake.engine, kind: 'cpu', trainerFiles } as const;
    const plan = await planImage({ ...options, base: labels[IMAGE_LABELS.baseName]! });
    await expect(ensureImage(connection, plan)).rejects.toMatchObject({
      code: 'image-build-failed',
      message: expect.stringMatching(
        /does not work: TensorFlow does not load: .*: file too short\n?/,
      ) as string,
    });
  });

  it('that cannot even begin says so', async () => {
    fake.write('Dockerfile.trainer', 'NONSENSE\n');
    const plan = await fake.plan({ base });
    await expect(ensureImage(connection, plan)).rejects.toMatchObject({
      message: expect.stringContaining('NONSENSE') as string,
    });
  });

  it('of files that have changed is given up, and leaves nothing', async () => {
    dockerfile();
    const plan = await fake.plan({ base });
    fake.write('dist/src/trainer/main.js', 'TRAIN();\n');
    await expect(ensureImage(connection, plan)).rejects.toMatchObject({
      code: 'image-build-failed',
      message: expect.stringContaining('has other contents') as string,
    });
  });

  it('that is cancelled in a step ends at once, and leaves nothing', async () => {
    dockerfile('RUN ["/bin/sh", "-c", "sleep 600"]');
    const plan = await fake.plan({ base });
    const controller = new AbortController();
    const building = ensureImage(connection, plan, { signal: controller.signal });
    const cancelled = expect(building).rejects.toThrow('enough');
    await vi.waitFor(async () => expect(await connection.docker.listContainers()).toHaveLength(1), 60_000);
    controller.abort(new Error('enough'));
    await cancelled;
  });

  it('that is cancelled while its files are sent leaves nothing', async () => {
    dockerfile();
    fake.list({ 'dist/large.js': 'x'.repeat(32 << 20) });
    fake.write('dist/large.js', 'x'.repeat(32 << 20));
    const plan = await fake.plan({ base });
    const controller = new AbortController();
    const building = ensureImage(connection, plan, {
      signal: controller.signal,
      onProgress({ title, share = 0 }) {
        if (title.startsWith('Sending') && share > 0.5) controller.abort(new Error('enough'));
      },
    });
    await expect(building).rejects.toThrow('enough');
  });

  it('of two at once is done by one of them', async () => {
    dockerfile();
    const plan = await fake.plan({ base });
    try {
      const both = await Promise.all([ensureImage(connection, plan), ensureImage(connection, plan)]);
      expect(both.map(({ built }) => built).sort()).toEqual([false, true]);
      expect(both[0].id).toBe(both[1].id);
    } finally {
      await removeImages(connection, { names: [plan.tag] });
    }
  });

  it('is done although another image has the name', async () => {
    dockerfile();
    const plan = await fake.plan({ base });
    const [repo = '', tag = ''] = plan.tag.split(':');
    await connection.docker.getImage(base).tag({ repo, tag });
    try {
      expect(await ensureImage(connection, plan)).toMatchObject({ built: true, tag: plan.tag });
    } finally {
      await removeImages(connection, { names: [plan.tag] });
    }
  });

  it('leaves an image that is listed, found, and removed once no container is made of it', async () => {
    dockerfile();
    const plan = await fake.plan({ base });
    const { id, tag } = await ensureImage(connection, plan);
    expect(await findImage(connection, tag)).toMatchObject({ id, built: false });
    const container = await connection.docker.createContainer({ Image: tag, Cmd: ['true'] });
    const ours = async () => (await listImages(connection)).find((image) => image.id === id);
    expect(await ours()).toMatchObject({ tags: [tag], kind: 'cpu', engineVersion: '2.21.0', inUse: 1 });
    expect(await removeImages(connection, { names: [tag] })).toMatchObject({ removed: [], kept: [{ id }] });
    await container.remove();
    expect(await removeImages(connection, { names: [tag] })).toMatchObject({ removed: [{ id }], kept: [] });
    expect(await ours()).toBeUndefined();
    await expect(findImage(connection, tag)).rejects.toMatchObject({ code: 'image-missing' });
  });
});
