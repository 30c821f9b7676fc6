import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readCredentials } from '../../../../src/tracking/mlflow/credentials.js';

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;

async function homeWith(text?: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'runner-home-'));
  onTestFinished(() => rm(home, { recursive: true }));
  if (text === undefined) return home;
  await mkdir(join(home, '.mlflow'));
  await writeFile(join(home, '.mlflow', 'credentials'), text);
  return home;
}

const FILE = '[mlflow]\nmlflow_tracking_username = filed\nmlflow_tracking_password = secret;#1\n';
const LOGIN = { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'pass' };
const TOKEN = { MLFLOW_TRACKING_TOKEN: 'a.b-c' };

test.each<[string, NodeJS.ProcessEnv, string | undefined, string | undefined]>([
  ['nothing', {}, undefined, undefined],
  ['a login of the environment', LOGIN, FILE, basic('me:pass')],
  ['a login of the file', {}, FILE, basic('filed:secret;#1')],
  [
    'a name of the environment with a password of the file',
    { MLFLOW_TRACKING_USERNAME: 'me' },
    FILE,
    basic('me:secret;#1'),
  ],
  ['an empty variable is none', { MLFLOW_TRACKING_USERNAME: '' }, FILE, basic('filed:secret;#1')],
  ['a token', TOKEN, undefined, 'Bearer a.b-c'],
  ['a token beside half a login', { ...TOKEN, MLFLOW_TRACKING_USERNAME: 'me' }, undefined, 'Bearer a.b-c'],
  ['a login goes before a token', { ...TOKEN, ...LOGIN }, undefined, basic('me:pass')],
  [
    'letters of all scripts',
    { MLFLOW_TRACKING_USERNAME: 'ü', MLFLOW_TRACKING_PASSWORD: 'пароль' },
    undefined,
    basic('ü:пароль'),
  ],
])('%s', async (_name, env, file, header) => {
  const { headers } = await readCredentials({ env, home: await homeWith(file), login: undefined });
  expect(headers).toEqual(header === undefined ? {} : { Authorization: header });
});

test('the login of the address goes before all others', async () => {
  const login = { username: 'a', password: 'b' };
  const { headers, secrets } = await readCredentials({
    env: { ...LOGIN, ...TOKEN },
    home: await homeWith(FILE),
    login,
  });
  expect(headers).toEqual({ Authorization: basic('a:b') });
  expect(secrets).toEqual(['b', 'YTpi']);
});

test.each<[string, NodeJS.ProcessEnv, string]>([
  [
    'half a login',
    { MLFLOW_TRACKING_USERNAME: 'me' },
    'MLFLOW_TRACKING_USERNAME is given, but MLFLOW_TRACKING_PASSWORD is not.',
  ],
  [
    'the other half',
    { MLFLOW_TRACKING_PASSWORD: 'x' },
    'MLFLOW_TRACKING_PASSWORD is given, but MLFLOW_TRACKING_USERNAME is not.',
  ],
  [
    'a line break in the token',
    { MLFLOW_TRACKING_TOKEN: 'planted\n' },
    'MLFLOW_TRACKING_TOKEN has characters that no token has.',
  ],
  [
    'a plugin',
    { MLFLOW_TRACKING_AUTH: 'kubernetes' },
    'MLFLOW_TRACKING_AUTH is set, a way to authenticate that runner does not have.',
  ],
  [
    'signatures',
    { MLFLOW_TRACKING_AWS_SIGV4: 'True' },
    'MLFLOW_TRACKING_AWS_SIGV4 is set, a way to authenticate that runner does not have.',
  ],
])('%s is refused', async (_name, env, message) => {
  await expect(readCredentials({ env, home: await homeWith(), login: undefined })).rejects.toMatchObject({
    code: 'bad-credentials',
    message,
  });
});

test('a credentials file that cannot be read is told', async () => {
  const home = await homeWith();
  await mkdir(join(home, '.mlflow', 'credentials'), { recursive: true });
  await expect(readCredentials({ env: {}, home, login: undefined })).rejects.toMatchObject({
    code: 'bad-credentials',
    message: `Cannot read ${join(home, '.mlflow', 'credentials')}: EISDIR: illegal operation on a directory, read.`,
  });
});
