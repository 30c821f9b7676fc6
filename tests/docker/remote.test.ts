/** A daemon that is reached as one of another machine is: dockerd's own TLS, with certificates of both sides. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect } from '../../runtimes/docker/connection/connection.js';
import { describeDaemon } from '../../runtimes/docker/connection/describe-daemon.js';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { outcomeOf, surroundings, type Surroundings } from '../contract/support/modes.js';
import { expectNoLeftovers, hasDaemon, requireOwnDaemon, restartDaemon } from '../support/docker.js';
import { makeCertificates } from './support/certificates.js';
import { runInDocker } from './support/runs.js';

let here: Surroundings;
let folder: string;
beforeEach(async () => {
  if (!hasDaemon()) return;
  here = await surroundings({ train: 600, test: 100 });
  folder = mkdtempSync(join(tmpdir(), 'runner-test-'));
});
afterEach(async () => {
  if (!hasDaemon()) return;
  here[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
  await expectNoLeftovers();
});

it('over TLS a run has the bits that it has by the socket, and who has no certificate is refused', async (test) => {
  requireOwnDaemon(test);
  makeCertificates(test, folder);
  const others = join(folder, 'others');
  mkdirSync(others);
  makeCertificates(test, others);
  const local = await runInDocker(here);

  const address = `tcp://127.0.0.1:${await freePort()}`;
  const at = (name: string): string => join(folder, name);
  await restartDaemon([
    ...['--host', address, '--tlsverify', '--tlscacert', at('ca.pem')],
    ...['--tlscert', at('cert.pem'), '--tlskey', at('key.pem')],
  ]);
  try {
    const env = { DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
    const remote = await runInDocker(here, { connection: await connect(env) });
    expect(remote.outcome).toMatchObject({ status: 'succeeded', reason: null, message: null });
    expect(outcomeOf(remote.runDir)).toEqual(remote.outcome);
    expect(remote.told.map(({ seq, type }) => [seq, type])).toEqual(
      local.told.map(({ seq, type }) => [seq, type]),
    );
    expect(remote.outcome.training.weightsDigest).toBe(local.outcome.training.weightsDigest);

    const ask = async (given: NodeJS.ProcessEnv) =>
      describeDaemon(await connect(given), new AbortController().signal);
    await expect(ask({ ...env, DOCKER_CERT_PATH: others })).rejects.toMatchObject({
      ...{ code: 'daemon-unreachable', exitCode: 3 },
      hint: expect.stringContaining('DOCKER_CERT_PATH') as string,
    });
    await expect(ask({ DOCKER_HOST: address })).rejects.toMatchObject({
      ...{ code: 'daemon-unreachable', exitCode: 3 },
      message: expect.stringContaining('Client sent an HTTP request to an HTTPS server') as string,
      hint: expect.stringContaining('DOCKER_TLS_VERIFY') as string,
    });
  } finally {
    await restartDaemon();
  }
});
