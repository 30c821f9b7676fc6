import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { ConnectTracking } from '../../../src/cli/services.js';
import type { Runtime } from '../../../src/contract/runtime.js';
import { parseTrackingUri } from '../../../src/tracking/mlflow/index.js';
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
