/** What the other tests on the daemon take for granted. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import {
  docker,
  expectNoLeftovers,
  hostPid,
  importTestImage,
  ourLeftovers,
  requireOwnDaemon,
} from '../support/docker.js';

const NAME = 'runner-test-support';
const NONE = { containers: [], volumes: [] };
afterEach(expectNoLeftovers);

it('imports the test image once, with a user of its own that can write results', async () => {
  const client = await docker();
  const image = await importTestImage(client);
  const { Id } = await client.getImage(image).inspect();
  await importTestImage(client);
  expect((await client.getImage(image).inspect()).Id).toBe(Id);

  const container = await client.createContainer({
    ...{ name: NAME, Image: image, Labels: { 'runner.managed': '1' } },
    Cmd: ['sh', '-c', 'id -u && node -p 6*7 && touch /out/a /in/a && ! touch /a'],
    HostConfig: { NetworkMode: 'none' },
  });
  await container.start();
  expect(await container.wait()).toMatchObject({ StatusCode: 0 });
  const log = await container.logs({ stdout: true });
  // Each line is a frame with a head of eight bytes.
  expect(
    log
      .toString()
      .replaceAll(/[^0-9\n]/g, '')
      .trim()
      .split('\n')
      .map(Number),
  ).toEqual([10001, 42]);
  await container.remove();
});

it('fails for containers and volumes that are left, and removes them', async () => {
  const client = await docker();
  const Image = await importTestImage(client);
  const Labels = { 'runner.managed': '1' };
  await client.createContainer({ name: NAME, Image, Labels, Cmd: ['true'] });
  await client.createVolume({ Name: NAME, Labels });
  await client.createVolume({ Name: `${NAME}-foreign` });
  expect(await ourLeftovers()).toEqual({ containers: [NAME], volumes: [NAME] });
  await expect(expectNoLeftovers()).rejects.toThrow('to deeply equal');
  expect(await ourLeftovers()).toEqual(NONE);
  // Somebody else's stays.
  await client.getVolume(`${NAME}-foreign`).remove();
});

it('finds the process of a container among those of this machine', async (test) => {
  requireOwnDaemon(test);
  const client = await docker();
  const container = await client.createContainer({
    ...{ Image: await importTestImage(client), Labels: { 'runner.managed': '1' } },
    ...{ Cmd: ['sleep', '1234567'], HostConfig: { NetworkMode: 'none' } },
  });
  try {
    await container.start();
    const pid = hostPid((await container.inspect()).State.Pid);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBe('sleep\x001234567\x00');
  } finally {
    await container.remove({ force: true });
  }
});
