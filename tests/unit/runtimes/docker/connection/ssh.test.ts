/** A daemon on another machine, through an `ssh` that is a script of the test's own. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connect } from '../../../../../runtimes/docker/connection/connection.js';
import { describeDaemon } from '../../../../../runtimes/docker/connection/describe-daemon.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { fakeDaemon, INFO, VERSION } from './fake-daemon.js';

let folder: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => folder[Symbol.dispose]());

/** Puts a program `ssh` on the PATH. @returns the environment for it */
function ssh(body: string): NodeJS.ProcessEnv {
  const path = join(folder.path, 'ssh');
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" > ${join(folder.path, 'args')}\n${body}\n`);
  chmodSync(path, 0o755);
  return { PATH: `${folder.path}:${process.env.PATH ?? ''}`, DOCKER_HOST: 'ssh://me@far:2222/run/d.sock' };
}

const describe = async (env: NodeJS.ProcessEnv) =>
  describeDaemon(await connect(env), new AbortController().signal);

it('speaks to the daemon through the user’s ssh, with the arguments of the docker command', async () => {
  await using daemon = await fakeDaemon({ '/version': VERSION, '/info': INFO });
  const dial = `require('net').connect('${daemon.socket}').on('connect', function () { process.stdin.pipe(this).pipe(process.stdout) })`;
  const env = ssh(`exec ${process.execPath} -e "${dial}"`);
  expect(await describe(env)).toMatchObject({ id: 'abc', version: '29.0.1' });
  expect(readFileSync(join(folder.path, 'args'), 'utf8').trimEnd().split('\n')).toEqual([
    ...['-o', 'ConnectTimeout=30', '-T', '-l', 'me', '-p', '2222', '--', 'far'],
    ...['docker', '--host', 'unix:///run/d.sock', 'system', 'dial-stdio'],
  ]);
});

it('gives ssh’s last words when it ends', async () => {
  const env = ssh(`echo 'Warning: added.' >&2; echo 'me@far: Permission denied (publickey).' >&2; exit 255`);
  await expect(describe(env)).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message:
      'No answer about itself from the Docker daemon at ssh://me@far:2222/run/d.sock (DOCKER_HOST): ssh far: me@far: Permission denied (publickey).',
    hint: 'Check that `ssh HOST docker version` works from here without a question: keys, known hosts, Docker over there.',
  });
});

it('says how ssh ended that said nothing', async () => {
  await expect(describe(ssh('kill -9 $$'))).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message: expect.stringContaining('ssh far: ended with SIGKILL.') as string,
  });
});

it('says that there is no ssh', async () => {
  const env = { PATH: folder.path, DOCKER_HOST: 'ssh://far' };
  await expect(describe(env)).rejects.toMatchObject({
    code: 'daemon-unreachable',
    message: expect.stringContaining('ssh could not be started: spawn ssh ENOENT.') as string,
  });
});

it('ends ssh when the call is given up', async () => {
  const env = ssh(`echo $$ > ${join(folder.path, 'pid')}; exec sleep 1000`);
  const controller = new AbortController();
  const call = describeDaemon(await connect(env), controller.signal);
  const pid = await vi.waitFor(() => {
    const text = readFileSync(join(folder.path, 'pid'), 'utf8');
    expect(text).not.toBe('');
    return Number(text);
  }, 15_000);
  controller.abort('over');
  await expect(call).rejects.toBe('over');
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 15_000);
});
