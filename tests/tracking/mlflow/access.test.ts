/** Who is let in, and under which name. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parseCredentialsFile } from '../../../src/tracking/mlflow/credentials-file.js';
import { connect, fresh, newRun, signal } from '../support/connect.js';
import { type MlflowServer, startMlflowServer } from '../support/mlflow-server.js';
import { readBack, sharedServers } from '../support/read-back.js';

const LOGIN = { username: 'admin', password: 'pl@nted%secret;#"1' };

describe('a server that wants a login', () => {
  let server: MlflowServer;
  let home: string;
  beforeAll(async () => {
    if ('lacking' in inject('trackingServers')) return;
    server = await startMlflowServer({ python: sharedServers().python, login: LOGIN });
    home = await mkdtemp(join(tmpdir(), 'runner-home-'));
    await mkdir(join(home, '.mlflow'));
    const lines = [
      '[mlflow]',
      `mlflow_tracking_username = ${LOGIN.username}`,
      `mlflow_tracking_password = ${LOGIN.password.replaceAll('%', '%%')}`,
    ];
    await writeFile(join(home, '.mlflow', 'credentials'), lines.join('\n'));
  });
  afterAll(async () => {
    if ('lacking' in inject('trackingServers')) return;
    await server[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  const env = { MLFLOW_TRACKING_USERNAME: LOGIN.username, MLFLOW_TRACKING_PASSWORD: LOGIN.password };

  test('takes the login of the environment, as it takes the Python client', async () => {
    const { server: tracking } = await connect({ uri: server.uri, env });
    expect((await tracking.probe(signal)).version).toBe('3.17.2');
    const { id } = await newRun(tracking);
    await tracking.setTags(id, [{ key: 'a', value: 'b' }], signal);
    expect((await readBack(id, { uri: server.uri, env })).tags.a).toBe('b');
  });

  test('takes the login of ~/.mlflow/credentials, and that of the address', async () => {
    const fromFile = await connect({ uri: server.uri, home });
    await fromFile.server.ensureExperiment(fresh('file'), signal);
    const address = new URL(server.uri);
    address.username = LOGIN.username;
    address.password = encodeURIComponent(LOGIN.password);
    const fromAddress = await connect({ uri: address.href });
    await fromAddress.server.ensureExperiment(fresh('address'), signal);
    expect(fromAddress.server.uri).toBe(server.uri);
  });

  test('lets nobody in without, or with another password, which is not shown', async () => {
    const nobody = await connect({ uri: server.uri });
    await expect(nobody.server.probe(signal)).rejects.toMatchObject({
      code: 'tracking-forbidden',
      message: expect.stringMatching(
        /wants other credentials to .* \(401\): You are not authenticated/,
      ) as string,
    });
    const wrong = { ...env, MLFLOW_TRACKING_PASSWORD: 'wrong-pl@nted' };
    const other = await connect({ uri: server.uri, env: wrong });
    const error = await other.server.ensureExperiment('x', signal).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'tracking-forbidden' });
    const shown = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).stack);
    expect(shown).not.toContain('wrong-pl@nted');
    expect(shown).not.toContain(Buffer.from('admin:wrong-pl@nted').toString('base64'));
  });
});

test('a server that does not take its name says how to be started', async () => {
  const { python } = sharedServers();
  await using server = await startMlflowServer({ python, allowedHosts: 'mlflow.example:5000,127.0.0.1:1' });
  const { server: tracking } = await connect({ uri: server.uri });
  await expect(tracking.probe(signal)).rejects.toMatchObject({
    code: 'tracking-forbidden',
    message: `${server.uri} does not take requests under that name (403): Invalid Host header - possible DNS rebinding attack detected.`,
    hint: `Start the server with \`--allowed-hosts 127.0.0.1:${server.port}\` (or MLFLOW_SERVER_ALLOWED_HOSTS): it replaces the default list; then \`runner sync\`.`,
  });
});

test('a server that serves no artifacts says so, and takes runs', async () => {
  const { python } = sharedServers();
  await using server = await startMlflowServer({
    python,
    serveArtifacts: false,
    defaultArtifactRoot: 's3://bucket/a',
  });
  const { server: tracking, http } = await connect({ uri: server.uri });
  const { experimentId, id, artifactUri } = await newRun(tracking);
  expect(artifactUri).toBe(`s3://bucket/a/${experimentId}/${id}/artifacts`);
  const { status, data } = await http.client.put<string>('/api/2.0/mlflow-artifacts/artifacts/x', 'x');
  expect([status, data]).toEqual([503, expect.stringMatching(/Artifact serving is disabled/) as string]);
});

test('a server that comes back is written to again', async () => {
  const { python } = sharedServers();
  await using first = await startMlflowServer({ python });
  const { server: tracking } = await connect({ uri: first.uri });
  const { id } = await newRun(tracking);
  await first.stop();
  await expect(tracking.setTags(id, [{ key: 'a', value: 'b' }], signal)).rejects.toMatchObject({
    code: 'tracking-unreachable',
    message: `Cannot set tags at ${first.uri}: nothing listens there (ECONNREFUSED).`,
  });
  const { folder, port } = first;
  const again = await startMlflowServer({ python, folder, port });
  try {
    await tracking.setTags(id, [{ key: 'a', value: 'b' }], signal);
    expect((await readBack(id, { uri: again.uri })).tags.a).toBe('b');
  } finally {
    await again.stop();
  }
});

test('a server leaves no process behind', async () => {
  const { python } = sharedServers();
  await using server = await startMlflowServer({ python });
  expect(server.processes().length).toBeGreaterThan(0);
  await server.stop();
  expect(server.processes()).toEqual([]);
});

test('the credentials file is read as Python reads it', async () => {
  const text = [
    '# comment = 1',
    '[other]',
    'mlflow_tracking_password = wrong',
    '[mlflow]',
    '  MLFLOW_Tracking_Username: "a user" ; not a comment',
    '  ; a comment',
    "  mlflow_tracking_password = p=a:s;s#w%%or'd\\n  ",
    '     more',
  ].join('\n');
  const script =
    'import configparser,json,sys; c=configparser.ConfigParser(); c.read_string(sys.stdin.read()); print(json.dumps(dict(c["mlflow"])))';
  const { stdout } = await execa(sharedServers().python, ['-c', script], {
    input: text.replace('     more', ''),
  });
  expect(Object.fromEntries(parseCredentialsFile(text))).toEqual(JSON.parse(stdout));
  expect(parseCredentialsFile(text).get('mlflow_tracking_password')).toBe("p=a:s;s#w%or'd\\n");
});
