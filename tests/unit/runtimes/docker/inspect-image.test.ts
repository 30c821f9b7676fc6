import { describe, expect, it } from 'vitest';
import { DEFAULT_BASE, IMAGE_LABELS, type ImagePlan } from '../../../../runtimes/docker/image/index.js';
import { inspectTrainerImage, lookFor } from '../../../../runtimes/docker/inspect-image.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { type FakeImage, fakeDaemon } from './image/fake-daemon.js';
import { FakePackage } from './image/package.js';

const TRAINER: FakeImage = {
  Id: 'sha256:1',
  RepoTags: ['mine:1'],
  Labels: { [IMAGE_LABELS.managed]: '1' },
};

it('tells of the image that RUNNER_IMAGE names', async () => {
  const { connection } = fakeDaemon([TRAINER]);
  expect(await inspectTrainerImage(connection, { env: { RUNNER_IMAGE: 'mine:1' } })).toEqual({
    finding: { name: 'trainer image', value: 'mine:1 (RUNNER_IMAGE), 0 MB' },
    document: { tag: 'mine:1', there: true },
  });
});

it('says that it is not there, and what to do', async () => {
  const { connection } = fakeDaemon([]);
  expect(await inspectTrainerImage(connection, { env: { RUNNER_IMAGE: 'mine:1' } })).toEqual({
    finding: {
      name: 'trainer image',
      value: `The Docker daemon at ${connection.address} has no image mine:1.`,
      remedy: expect.stringContaining('`runner image build`') as string,
    },
    document: { tag: 'mine:1', there: false },
  });
});

it('cannot name this version’s image before there is an engine', async () => {
  using cache = temporaryDirectory();
  const { connection, requests } = fakeDaemon([]);
  expect(await inspectTrainerImage(connection, { env: { RUNNER_CACHE_DIR: cache.path } })).toEqual({
    finding: {
      name: 'trainer image',
      value: 'not known before there is an engine, which goes into it',
    },
    document: { tag: null, there: false },
  });
  expect(requests).toEqual([]);
});

describe("this version's image", () => {
  const { signal } = new AbortController();
  const planned = async () => {
    using folder = temporaryDirectory();
    return await new FakePackage(folder.path).plan();
  };
  const built = ({ tag, sourceDigest }: ImagePlan): FakeImage => ({
    Id: 'sha256:2',
    RepoTags: [tag],
    Labels: { [IMAGE_LABELS.managed]: '1', [IMAGE_LABELS.sourceDigest]: sourceDigest },
  });
  const base: FakeImage = { Id: 'sha256:3', RepoTags: [DEFAULT_BASE], Labels: null };

  it('is there', async () => {
    const plan = await planned();
    const { connection } = fakeDaemon([built(plan)]);
    expect(await lookFor(connection, plan, signal)).toEqual({
      finding: { name: 'trainer image', value: `${plan.tag}, 0 MB` },
      document: { tag: plan.tag, there: true },
    });
  });

  it.each([
    ['is built by the first run, which waits for it', [base], ''],
    ['needs a base image first, which has to be fetched', [], `, and fetches ${DEFAULT_BASE} for it,`],
  ])('%s', async (_what, images, fetches) => {
    const plan = await planned();
    expect(await lookFor(fakeDaemon(images).connection, plan, signal)).toEqual({
      finding: {
        name: 'trainer image',
        value: `not built yet (${plan.tag})`,
        remedy: `The first run in a container builds it${fetches} and starts that much later: \`runner image build\` does it ahead.`,
      },
      document: { tag: plan.tag, there: false },
    });
  });
});
