/** Who is let in. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCredentialsFile } from '../../../src/tracking/mlflow/credentials-file.js';
import { connect, fresh, newRun, signal } from '../support/connect.js';
import { type MlflowServer, startMlflowServer } from '../support/mlflow-server.js';
import { hasServers, readBack, sharedServers } from '../support/read-back.js';

const LOGIN = { username: 'admin', password: 'pl@nted%secret;#"1' };

describe('a server that wants a login', () => {
  let server: MlflowServer;
  let home: string;
  beforeAll(async () => {
    if (!hasServers()) return;
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
    if (!hasServers()) return;
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
