/** The daemon that the tests run on does what the other tests take for granted. */
import { expect, test } from 'vitest';
import {
  docker,
  expectNoLeftovers,
  hostPid,
  importTestImage,
  killDaemon,
  ourLeftovers,
  requireOwnDaemon,
  restartDaemon,
  startDaemon,
  stopDaemon,
} from '../support/docker.js';

test('try', async () => {
  const client = await docker();
  console.time('import');
  const image = await importTestImage(client);
  console.timeEnd('import');
  console.time('import2');
  await importTestImage(client);
  console.timeEnd('import2');
  console.log(image, (await client.info()).Driver, await client.version());
  const c = await client.createContainer({
    Image: image,
    Cmd: ['node', '-e', 'setInterval(()=>{},1000)'],
    Labels: { 'runner.managed': '1' },
    name: 'x-try',
    HostConfig: { NetworkMode: 'none', Init: true, Memory: 200e6 },
  });
  await c.start();
  const pid = (await c.inspect()).State.Pid;
  console.log(pid, hostPid(pid));
  console.log(await ourLeftovers());
  console.time('kill');
  await killDaemon();
  process.kill(hostPid(pid), 0);
  await startDaemon();
  console.timeEnd('kill');
  console.log((await c.inspect()).State);
  await c.start();
  await restartDaemon(['--live-restore']);
  console.log((await c.inspect()).State);
  await c.start();
  await restartDaemon();
  console.log((await c.inspect()).State);
  await expect(expectNoLeftovers()).rejects.toThrow();
  await expectNoLeftovers();
});
