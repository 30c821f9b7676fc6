/** Planted secrets are looked for in all that the logging task writes, wherever it writes it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startRunner } from '../support/runner.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { s3Env } from './support/artifacts.js';
import { startMlflowServer } from './support/mlflow-server.js';
import { readBack, sharedServers } from './support/read-back.js';
import { writeRunFixture } from './support/run-fixture.js';
import { READER } from './support/seaweed.js';

const SECRETS = {
  password: 'planted-password-91c4',
  wrongPassword: 'planted-wrong-6d02',
  token: 'planted-token-77ab',
  awsKey: 'PLANTEDAWSKEYID5',
  awsSecret: 'planted/aws+secret-3f',
  session: 'planted-session-token-55',
};
const USER = 'someone';

/** As they are, in an URL, and as a header has them. */
const shapesOf = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1),
  ...[SECRETS.password, SECRETS.wrongPassword].map((word) =>
    Buffer.from(`${USER}:${word}`).toString('base64'),
  ),
];

function allTexts(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files
    .map(({ parentPath, name }) => `${name}\n${readFileSync(join(parentPath, name), 'latin1')}`)
    .join('\n');
}

it('no secret is in what is printed, kept or recorded, whatever fails', { timeout: 300_000 }, async () => {
  using folder = temporaryDirectory();
  const { python } = sharedServers();
  const runs = { runsDir: folder.path };
  const login = { username: USER, password: SECRETS.password };
  await using server = await startMlflowServer({
    python,
    login,
    defaultArtifactRoot: 's3://artifacts/secrets',
  });
  const [{ runId }, other] = [await writeRunFixture(runs), await writeRunFixture(runs)];
  const { host } = new URL(server.uri);
  const printed: string[] = [];
  const recordRun = async (run: string, uri: string, env: NodeJS.ProcessEnv, ...more: string[]) => {
    const args = ['log', run, '--runs-dir', folder.path, '--tracking-uri', uri, ...more];
    const { exitCode, stdout, stderr } = await startRunner(args, {
      env: { HOME: folder.path, ...env },
    });
    printed.push(stdout, stderr);
    return { exitCode, stdout, stderr };
  };
  const record = (uri: string, env: NodeJS.ProcessEnv, ...more: string[]) =>
    recordRun(runId, uri, env, ...more);
  const planted = {
    ...s3Env(),
    ...{ AWS_ACCESS_KEY_ID: SECRETS.awsKey, AWS_SECRET_ACCESS_KEY: SECRETS.awsSecret },
    AWS_SESSION_TOKEN: SECRETS.session,
  };

  // It tries for half a minute: another run, as one is recorded by one process at a time.
  const closing = recordRun(other.runId, `http://${USER}:${SECRETS.password}@127.0.0.1:9`, planted);
  const wrong = await record(`http://${USER}:${SECRETS.wrongPassword}@${host}`, planted);
  expect(wrong.exitCode).toBe(4);
  expect(wrong.stderr).toContain('401');
  const token = await record(server.uri, { ...planted, MLFLOW_TRACKING_TOKEN: SECRETS.token });
  expect(token.exitCode).toBe(4);
  const noStore = await record(`http://${USER}:${SECRETS.password}@${host}`, planted);
  expect(noStore.exitCode, noStore.stderr).toBe(4);
  expect(noStore.stderr).toMatch(/credentials of the artifact store/);
  const env = { MLFLOW_TRACKING_USERNAME: USER, MLFLOW_TRACKING_PASSWORD: SECRETS.password };
  await record(server.uri, { ...s3Env(), ...env, ...READER }, '--log-level', 'trace');
  const done = await record(server.uri, { ...s3Env(), ...env }, '--json');
  expect(done.exitCode, done.stderr).toBe(0);
  expect((await closing).exitCode).toBe(4);

  const { runs: logged } = JSON.parse(done.stdout) as { runs: readonly { mlflowRunId: string }[] };
  const recorded = await readBack(logged[0]?.mlflowRunId ?? '', {
    uri: server.uri,
    env: { ...s3Env(), ...env },
  });
  expect(recorded.status).toBe('FINISHED');
  const texts = [...printed, JSON.stringify(recorded), allTexts(folder.path)].join('\n');
  for (const [name, secret] of Object.entries(SECRETS)) {
    for (const shape of shapesOf(secret)) expect(texts.includes(shape), `${name} as ${shape}`).toBe(false);
  }
});
