import { describe, expect, it } from 'vitest';
import { listImages, removeImages, removeLeftImages } from '../../../../../runtimes/docker/image/manage.js';
import { fakeDaemon, type FakeImage } from './fake-daemon.js';

const managed = { 'runner.managed-image': '1', 'runner.engine': 'cpu', 'runner.engine-version': '2.21.0' };
const images = (): FakeImage[] => [
  { Id: 'sha256:aaa1', RepoTags: ['runner-trainer:cpu-1'], Labels: managed, Created: 1 },
  { Id: 'sha256:aaa2', RepoTags: ['runner-trainer:cpu-2', 'mine/t:1'], Labels: managed, Created: 3 },
  { Id: 'sha256:bbb', RepoTags: ['runner-base:node-22'], Labels: { 'runner.managed-base': '1' }, Created: 2 },
  // What a build upon it has left of its first stage.
  {
    ...{ Id: 'sha256:ccc', RepoTags: ['<none>:<none>'], Created: 4 },
    Labels: { 'runner.managed-base': '1', 'runner.image-stage': 'rootfs' },
  },
  // The user's own upon one of ours: it has inherited the label.
  { Id: 'sha256:ddd', RepoTags: ['mine/trainer:1'], Labels: managed },
  { Id: 'sha256:eee', RepoTags: ['runner-trainer:of-somebody-else'], Labels: null },
];

const ids = (listed: readonly { readonly id: string }[]): readonly string[] => listed.map(({ id }) => id);

describe('the images of ours', () => {
  it('are those of our names with our labels, and unnamed ones; the newest first', async () => {
    const { connection } = fakeDaemon(images(), { containers: [{ ImageID: 'sha256:aaa1' }] });
    const listed = await listImages(connection);
    expect(listed.map(({ id, kind, inUse }) => [id, kind, inUse])).toEqual([
      ['sha256:ccc', 'unfinished', 0],
      ['sha256:aaa2', 'cpu', 0],
      ['sha256:bbb', 'base', 0],
      ['sha256:aaa1', 'cpu', 1],
    ]);
    expect(listed[0]?.tags).toEqual([]);
    expect(listed[1]).toEqual({
      ...{ tags: ['runner-trainer:cpu-2', 'mine/t:1'], id: 'sha256:aaa2', bytes: 1000, createdAt: 3000 },
      ...{ kind: 'cpu', engineVersion: '2.21.0', nodeVersion: '', sourceDigest: '', inUse: 0 },
    });
  });

  it('are all removed but for those that containers use, and the names that are not ours', async () => {
    const daemon = fakeDaemon(images(), { containers: [{ ImageID: 'sha256:aaa1' }] });
    const { removed, kept } = await removeImages(daemon.connection);
    expect(ids(removed)).toEqual(['sha256:ccc', 'sha256:aaa2', 'sha256:bbb']);
    expect(ids(kept)).toEqual(['sha256:aaa1']);
    expect(daemon.images.map(({ Id, RepoTags }) => [Id, RepoTags])).toEqual([
      ['sha256:aaa1', ['runner-trainer:cpu-1']],
      ['sha256:aaa2', ['mine/t:1']],
      ['sha256:ddd', ['mine/trainer:1']],
      ['sha256:eee', ['runner-trainer:of-somebody-else']],
    ]);
  });

  it('are removed by name or by the beginning of an id, but not those to be kept', async () => {
    const daemon = fakeDaemon(images());
    const { removed, kept } = await removeImages(daemon.connection, {
      names: ['runner-trainer:cpu-1', 'bbb', 'sha256:aaa2', 'aaa1'],
      keep: ['runner-trainer:cpu-2'],
    });
    expect(ids(removed)).toEqual(['sha256:aaa1', 'sha256:bbb']);
    expect(kept).toEqual([]);
    expect(daemon.images.some(({ Id }) => Id === 'sha256:aaa2')).toBe(true);
  });

  it('are looked up before any is removed: a wrong name removes none', async () => {
    const daemon = fakeDaemon(images());
    for (const [name, error] of [
      [
        'mine/trainer:1',
        { code: 'image-missing', message: expect.stringContaining('mine/trainer:1') as string },
      ],
      ['runner-trainer:of-somebody-else', { code: 'image-missing' }],
      ['aaa', { code: 'usage', message: 'aaa fits 2 images.' }],
    ] as const) {
      await expect(
        removeImages(daemon.connection, { names: ['runner-trainer:cpu-1', name] }),
      ).rejects.toMatchObject(error);
    }
    expect(daemon.images).toEqual(images());
  });

  it('leave nothing of builds that were killed, once nobody can be building them any more', async () => {
    const now = Date.now() / 1000;
    const stage = { 'runner.image-stage': 'rootfs' };
    const daemon = fakeDaemon([
      { Id: 'sha256:old', RepoTags: null, Labels: stage, Created: now - 3700 },
      { Id: 'sha256:new', RepoTags: null, Labels: stage, Created: now - 10 },
      { Id: 'sha256:named', RepoTags: ['runner-trainer:cpu-1'], Labels: managed, Created: now - 3700 },
    ]);
    await removeLeftImages(daemon.connection, new AbortController().signal);
    expect(daemon.images.map(({ Id }) => Id)).toEqual(['sha256:new', 'sha256:named']);
  });
});
