/** Runs that were recorded at a real server, compared by a machine that has none of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RunMode } from '../../src/contract/run-spec.js';
import { artifactSources } from '../../src/tracking/artifacts/open-source.js';
import { searchRuns } from '../../src/tracking/mlflow/search-runs.js';
import { phaseKey } from '../../src/tracking/record/final-points.js';
import { freshRoot, s3Env } from './support/artifacts.js';
import { command } from './support/command.js';
import { connect, fresh, signal } from './support/connect.js';
import { sharedServers } from './support/read-back.js';
import { writeRunFixture, type RunFixture } from './support/run-fixture.js';
import { BUCKET } from './support/seaweed.js';
import { callServer, experimentIn } from './support/server-api.js';
import { recordWhole, trackingAt } from './support/tracking.js';

const EVALUATION = JSON.stringify({
  ...{ testLoss: 0.05, testAccuracy: 0.98, testExamples: 10, macroPrecision: 1, macroRecall: 1, macroF1: 1 },
  ...{ weightedF1: 1, confusionMatrix: [[10]] },
  perClass: [{ className: 'zero', precision: 1, recall: 1, f1: 1, support: 10 }],
});
const THERE = ['--from', 'mlflow', '--runs-dir', 'empty'] as const;
const PAIR: readonly RunMode[] = ['inprocess', 'docker'];

/** Runs of this machine, and as they are recorded in an experiment. */
async function recorded(experiment: string, modes: readonly RunMode[]) {
  const env = { MLFLOW_TRACKING_URI: sharedServers().uri, MLFLOW_EXPERIMENT_NAME: experiment, ...s3Env() };
  const cli = command({ env });
  const tracking = await trackingAt({ env });
  const runs: (RunFixture & { readonly mlflowRunId: string })[] = [];
  for (const mode of modes) {
    const fixture = await writeRunFixture({
      ...{ runsDir: cli.runsDir, mode, artifacts: { 'eval/metrics.json': EVALUATION } },
      request: { tags: { gpu: 'no' } },
    });
    const { mlflowRunId } = await recordWhole(tracking, fixture.run, { experiment });
    runs.push({ ...fixture, mlflowRunId });
  }
  return { cli, runs };
}

it.each([
  ['through the server', () => Promise.resolve(fresh('compare'))],
  ['in S3', () => experimentIn(`s3://${BUCKET}/${freshRoot()}`)],
])('runs with their artifacts %s are compared as their directories are', async (_, experimentFor) => {
  const { cli, runs } = await recorded(await experimentFor(), PAIR);
  const here = await cli.run('compare', '--json');
  expect(here).toMatchObject({ status: 0, stderr: '' });
  expect(await cli.run('compare', ...THERE, '--json')).toEqual(here);
  await cli.run('compare', '--output', 'here.html');
  await cli.run('compare', ...THERE, '--output', 'there.html');
  const page = (name: string): Buffer => readFileSync(join(cli.cwd, name));
  expect(page('there.html').equals(page('here.html'))).toBe(true);

  const { reader, http } = await connect();
  const { artifactUri } = (await reader.readRun(runs[0]!.mlflowRunId, signal))!.run;
  const sources = artifactSources({ http, env: s3Env() });
  onTestFinished(() => sources.close());
  expect(await (await sources.open(artifactUri)).read('no/such/file', signal)).toBeNull();
});

it('runs that are deleted, of others, or not whole are told apart from those that are named and chosen', async () => {
  const experiment = fresh('compare');
  const { cli, runs } = await recorded(experiment, [...PAIR, ...PAIR]);
  const [first, lost, gone, last] = runs;
  const here = await cli.run('compare', '--json');
  expect(await cli.run('compare', ...THERE, '--tag', 'gpu=no', '--json')).toEqual(here);
  const names = [first!.mlflowRunId, lost!.runId, gone!.runId.slice(-6), last!.mlflowRunId.slice(0, 12)];
  expect(await cli.run('compare', ...THERE, ...names, '--json')).toEqual(here);

  const { reader, http } = await connect();
  const { id: experimentId } = (await reader.findExperiment(experiment, signal))!;
  await callServer('runs/create', { experiment_id: experimentId, run_name: 'of somebody else' });
  const sizes: number[] = [];
  const trained: (number | undefined)[] = [];
  const api = { access: http, patience: { attempts: 1, budgetMs: 60_000 } };
  for await (const page of searchRuns(api, { experimentId }, signal, 2)) {
    sizes.push(page.length);
    trained.push(...page.map(({ metrics }) => metrics.get(phaseKey('train'))));
  }
  expect(sizes).toEqual([2, 2, 1]);
  // By which sides are told apart before anything is fetched; that of somebody else has none.
  const train = runs[0]!.run.outcome!.phases.train;
  expect(trained.filter((ms) => ms !== undefined)).toEqual([train, train, train, train]);
  await callServer('runs/delete', { run_id: gone!.mlflowRunId });
  const { artifactUri } = (await reader.readRun(lost!.mlflowRunId, signal))!.run;
  const path = artifactUri.replace('mlflow-artifacts:', '/api/2.0/mlflow-artifacts/artifacts');
  const answer = await fetch(`${sharedServers().uri}${path}/eval/metrics.json`, { method: 'DELETE' });
  expect(answer.status).toBe(200);

  const { stdout, stderr } = await cli.run('compare', ...THERE, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    sides: [{ runs: [{ runId: first!.runId }] }, { runs: [{ runId: last!.runId }] }],
  });
  expect(stderr).toBe(
    '1 run was not recorded by runner and is left out.\n' +
      `Left out: Run ${lost!.runId} is not whole at the tracking server: eval/metrics.json in ${artifactUri} is missing. ` +
      `\`runner log ${lost!.runId} --verify\` on fixture-host, where the run lies, sends what is missing or differs; or leave the run out.\n`,
  );
  // As it says.
  expect(await cli.run('log', lost!.runId, '--verify')).toMatchObject({ status: 0 });
  expect(await cli.run('compare', ...THERE, lost!.runId, first!.runId)).toMatchObject({ status: 0 });
  expect(await cli.json('compare', ...THERE, gone!.mlflowRunId, lost!.runId)).toMatchObject({
    error: { code: 'run-deleted' },
  });
});
