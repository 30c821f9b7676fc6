import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireSamePlatform } from '../../../../../runtimes/docker/image/platform.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { fakeDaemon } from './fake-daemon.js';
import { FakePackage, TRAINER } from './package.js';

let folder: ReturnType<typeof temporaryDirectory>;
let fake: FakePackage;
beforeEach(() => {
  folder = temporaryDirectory();
  fake = new FakePackage(folder.path);
});
afterEach(() => folder[Symbol.dispose]());

async function check(machine: string, files: string, daemon: { Os: string; Arch: string }): Promise<void> {
  fake.list(TRAINER, files);
  const { connection } = fakeDaemon([], { version: daemon });
  const signal = new AbortController().signal;
  await requireSamePlatform(connection, await fake.plan(), { signal, platform: machine });
}

describe('the platform of an image', () => {
  it('is that of this machine, by whichever name the daemon calls it', async () => {
    await check('linux-x64', 'linux-x64', { Os: 'linux', Arch: 'amd64' });
    await check('linux-arm64', 'linux-arm64', { Os: 'linux', Arch: 'arm64' });
    await check('linux-arm64', 'linux-arm64', { Os: 'linux', Arch: 'aarch64' });
  });

  const amd64 = { Os: 'linux', Arch: 'amd64' };
  for (const [machine, files, daemon, why] of [
    ['darwin-arm64', 'darwin-arm64', amd64, 'this machine is darwin-arm64, and containers run Linux'],
    ['linux-arm64', 'linux-x64', amd64, 'runner was built for linux-x64, and this machine is linux-arm64'],
    [
      ...['linux-arm64', 'linux-arm64', amd64],
      'this machine is linux-arm64, and the Docker daemon at tcp://host:1 runs linux-x64',
    ],
    [
      ...['linux-x64', 'linux-x64', { Os: 'windows', Arch: 'amd64' }],
      'this machine is linux-x64, and the Docker daemon at tcp://host:1 runs windows-x64',
    ],
  ] as [string, string, typeof amd64, string][]) {
    it(`is refused where ${why}`, async () => {
      await expect(check(machine, files, daemon)).rejects.toMatchObject({
        code: 'image-build-failed',
        message: `A trainer image cannot be built here: ${why}.`,
        hint: expect.stringContaining('`docker save`') as string,
      });
    });
  }
});
