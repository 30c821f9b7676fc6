import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { ConnectTracking } from '../../../src/cli/services.js';
import type { Runtime } from '../../../src/contract/runtime.js';
import { connectTracking as connectReally } from '../../../src/cli/wire-tracking.js';
import { parseTrackingUri } from '../../../src/tracking/mlflow/index.js';
import { fakeServer } from '../tracking/mlflow/fake-server.js';
import type { Reply } from '../tracking/mlflow/fake-server.js';
import { commandLine, succeed } from './command-line.js';

const FOLDER =
  'Not a tracking server\'s address: "file:/srv/mlruns": runner speaks to MLflow servers over http and https only, not file.';
const REMEDY =
  'Start a server over that store (`mlflow server --backend-store-uri …`, or `runner ui`) and give its address.';
const ENV = { MLFLOW_TRACKING_URI: 'file:/srv/mlruns' };
const TRAIN = ['train', '--batch-size', '16'];

/** As far as the address is looked at, the real thing. */
const connectTracking = ({ uri }: ConnectTracking) =>
  Promise.resolve().then(() => Promise.reject(new Error(parseTrackingUri(uri).baseUrl)));
const mustNotTrain: Runtime['run'] = () => Promise.reject(new Error('must not train'));

it('an address that can be of no server is told of before the training, which goes on, and after it', async () => {
  let told = '';
  const train: Runtime['run'] = (run, options) => {
    told = seen;
    return succeed()(run, options);
  };
  let seen = '';
  using cli = commandLine({
    ...{ env: ENV, script: { connectTracking, train } },
    onStderr: (text) => {
      seen += text;
    },
  });
  const { status, stderr } = await cli.run(...TRAIN);
  expect(status).toBe(0);
  expect(told.split('\n')[0]).toBe(
    `This run will stay on this machine: ${FOLDER} ${REMEDY} Then \`runner sync\` sends it.`,
  );
  expect(stderr.split('\n').at(-2)).toBe(`Not recorded, kept on this machine: ${FOLDER} ${REMEDY}`);
});

it.each([
  ['of a variable', [], ENV],
  ['of the command line', ['--tracking-uri', ENV.MLFLOW_TRACKING_URI], {}],
])('such an address %s fails before the training where tracking is required', async (_, flags, env) => {
  using cli = commandLine({ env, script: { connectTracking, train: mustNotTrain } });
  const { status, stdout, stderr } = await cli.run(...TRAIN, ...flags, '--require-tracking', '--json');
  const message = `Nothing was trained, for --require-tracking: ${FOLDER}`;
  const hint = `${REMEDY} Or leave out --require-tracking.`;
  expect([status, stderr]).toEqual([4, `runner: ${message}\n  ${hint}\n`]);
  expect(JSON.parse(stdout)).toEqual({
    error: { code: 'tracking-required', message, hint, exitCode: 4 },
  });
  expect(existsSync(cli.runsDir)).toBe(false);
});

it('one of the command line is refused also where tracking is not required', async () => {
  using cli = commandLine({ script: { connectTracking, train: mustNotTrain } });
  const { status, stderr } = await cli.run(...TRAIN, '--tracking-uri', ENV.MLFLOW_TRACKING_URI);
  expect([status, stderr]).toEqual([2, `runner: ${FOLDER}\n  ${REMEDY}\n`]);
});

it('nothing is said of an address where the run is not to be recorded', async () => {
  using cli = commandLine({ env: ENV, script: { connectTracking } });
  expect((await cli.run(...TRAIN, '--no-track')).stderr).not.toContain('tracking server');
});

it.each([[[]], [['--require-tracking']]])(
  'a defect in connecting is told as one, not as an address that is wrong: %j',
  async (flags) => {
    const broken = (): Promise<never> => Promise.reject(new TypeError('x is not a function'));
    using cli = commandLine({
      env: { MLFLOW_TRACKING_URI: 'http://localhost:5000' },
      script: { connectTracking: broken, train: mustNotTrain },
    });
    const { error } = (await cli.json(...TRAIN, ...flags)) as { error: object };
    expect(error).toMatchObject({ code: 'internal', message: 'x is not a function' });
  },
);

it.each(['/', '?', '#'])('a password with a bare %s is neither told nor shown', async (character) => {
  const uri = `https://me:se${character}cret@mlflow.example/team`;
  using cli = commandLine({
    env: { MLFLOW_TRACKING_URI: uri },
    script: { connectTracking, train: succeed() },
  });
  const { stderr } = await cli.run(...TRAIN);
  expect(stderr).toContain('"https://mlflow.example/team": it has a /, \\, ? or # before its last @.');
  expect(stderr).not.toContain('cret');
  const spec = await cli.run('train', '--print-spec');
  expect(spec.stdout).toContain('https://mlflow.example/team');
  expect(spec.stdout).not.toContain('cret');
});

/** An MLflow server as far as it is asked before a training. @param experiment what it answers about one */
const answering =
  (experiment: Reply) =>
  ({ path }: { readonly path: string }): Reply =>
    path === '/version'
      ? { body: '3.17.2' }
      : path.includes('get-by-name')
        ? experiment
        : { body: { experiments: [] } };

it.each<[string, readonly string[], string]>([
  ['its job', [], 'mnist-cnn'],
  ['--experiment', ['--experiment', 'digits'], 'digits'],
])(
  'a deleted experiment, that of %s, fails before the training where tracking is required',
  async (_, flags, name) => {
    const deleted = { experiment_id: '7', name, lifecycle_stage: 'deleted' };
    const { uri, seen } = await fakeServer(answering({ body: { experiment: deleted } }));
    using cli = commandLine({ script: { connectTracking: connectReally, train: mustNotTrain } });
    const ran = await cli.json(...TRAIN, '--tracking-uri', uri, '--require-tracking', ...flags);
    expect(ran.error).toMatchObject({
      code: 'experiment-deleted',
      message: `Nothing was trained, for --require-tracking: Experiment ${name} is deleted on ${uri}.`,
      hint: expect.stringMatching(/experiments restore.* Or leave out --require-tracking\.$/) as string,
      exitCode: 4,
    });
    expect(seen.at(-1)?.path).toContain(`experiment_name=${name}`);
    expect(existsSync(cli.runsDir)).toBe(false);
  },
);

it('one that is not there yet is no matter, and is not made before the training', async () => {
  const missing = { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No such.' } };
  const { uri, seen } = await fakeServer(answering(missing));
  let before: readonly string[] = [];
  const train: Runtime['run'] = (run, options) => {
    before = seen.map(({ path }) => path.split('?')[0]?.split('/').slice(-2).join('/') ?? '');
    return succeed()(run, options);
  };
  using cli = commandLine({ script: { connectTracking: connectReally, train } });
  await cli.run(...TRAIN, '--tracking-uri', uri, '--require-tracking');
  expect(before).toEqual(['/version', 'experiments/search', 'experiments/get-by-name']);
});

it('where something else answers, the training is not held up, and what to correct is told after it', async () => {
  const page = { status: 404, headers: { 'content-type': 'text/html' }, body: '<title>Not Found</title>' };
  const { uri } = await fakeServer([page]);
  using cli = commandLine({ script: { connectTracking: connectReally, train: succeed() } });
  const { status, stderr } = await cli.run(...TRAIN, '--tracking-uri', uri);
  expect(status).toBe(0);
  expect(stderr.split('\n').at(-2)).toBe(
    `Not recorded, kept on this machine: ${uri} has no MLflow API to read experiment mnist-cnn (404): Not Found. Check the address: host, port and the path before /api.`,
  );
  const required = await cli.run(...TRAIN, '--tracking-uri', uri, '--require-tracking');
  expect(required.status).toBe(4);
  expect(required.stderr).toContain(
    `Nothing was trained, for --require-tracking: ${uri} has no MLflow API to read the version of the tracking server (404)`,
  );
});
