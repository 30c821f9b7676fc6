import { describe, expect, it } from 'vitest';
import { findImage } from '../../../../../runtimes/docker/image/find.js';
import { fakeDaemon } from './fake-daemon.js';

const TRAINER = {
  Id: 'sha256:aaa',
  RepoTags: ['mine/trainer:1'],
  Labels: { 'runner.managed-image': '1', 'runner.engine-version': '2.21.0' },
};
const OTHER = { Id: 'sha256:bbb', RepoTags: ['alpine:3'], Labels: null };

describe('an image that the user names', () => {
  it('is taken as it is, under any name, by one question', async () => {
    const { connection, requests } = fakeDaemon([TRAINER, OTHER]);
    expect(await findImage(connection, 'mine/trainer:1')).toEqual({
      ...{ tag: 'mine/trainer:1', id: 'sha256:aaa', bytes: 1000, built: false, buildMs: 0 },
      labels: TRAINER.Labels,
    });
    expect(requests).toEqual(['inspect mine/trainer:1']);
  });

  it('is never pulled', async () => {
    const { connection, requests } = fakeDaemon([TRAINER]);
    await expect(findImage(connection, 'mine/trainer:2')).rejects.toMatchObject({
      code: 'image-missing',
      message: 'The Docker daemon at tcp://host:1 has no image mine/trainer:2.',
      hint: expect.stringContaining('`runner image build`') as string,
    });
    expect(requests).toEqual(['inspect mine/trainer:2']);
  });

  it('has to have a trainer', async () => {
    const { connection } = fakeDaemon([OTHER]);
    await expect(findImage(connection, 'alpine:3')).rejects.toMatchObject({
      code: 'image-missing',
      message: 'The image alpine:3 has no trainer: runner has not built it.',
    });
  });
});
