/** `runner compare --from mlflow`: a server over HTTP, the run directories that are made of it, the report of them. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runPath } from '../../../src/contract/run-directory.js';
import type { RunMode, RunSpec } from '../../../src/contract/run-spec.js';
import { smokeKey } from '../../../src/cli/smoke/key.js';
import type { RecordedRuns } from '../../../src/tracking/read/recorded-runs.js';
import {
  writeRunFixture,
  type RunFixture,
  type RunFixtureOptions,
} from '../../tracking/support/run-fixture.js';
import { READ_QUICKLY, recordedServer, type RecordedServer } from '../tracking/read/recorded-server.js';
import { openRecordedRuns } from '../../../src/tracking/read/index.js';
import { commandLine, type CommandLineOptions } from './command-line.js';

const EVALUATION = JSON.stringify({
  ...{ testLoss: 0.05, testAccuracy: 0.98, testExamples: 10, macroPrecision: 1, macroRecall: 1, macroF1: 1 },
  ...{ weightedF1: 1, confusionMatrix: [[10]] },
  perClass: [{ className: 'zero', precision: 1, recall: 1, f1: 1, support: 10 }],
});

let server: RecordedServer;
/** Folders that runs were read in. */
let folders: Set<string>;
beforeEach(async () => {
  server = await recordedServer();
  folders = new Set();
  runs = 0;
});

const openRuns = async (options: Parameters<typeof openRecordedRuns>[0]): Promise<RecordedRuns> => {
  const recorded = await openRecordedRuns({ ...options, patience: READ_QUICKLY });
  return {
    ...recorded,
    fetch: (run, runsDir, signal) => {
      folders.add(runsDir);
      return recorded.fetch(run, runsDir, signal);
    },
  };
};

type Cli = ReturnType<typeof commandLine>;

/** A command line that knows the server. */
function open(options: CommandLineOptions = {}): Cli {
  const cli = commandLine({
    ...options,
    env: { HOME: '/nowhere', MLFLOW_TRACKING_URI: server.uri, ...options.env },
    script: { openRecordedRuns: openRuns },
  });
  onTestFinished(() => cli[Symbol.dispose]());
  return cli;
}

let runs: number;
/** A run of this machine that is recorded, each a day after the one before. */
async function record(
  { runsDir }: Pick<Cli, 'runsDir'>,
  mode: RunMode,
  options: Partial<RunFixtureOptions> & { readonly held?: Parameters<RecordedServer['hold']>[1] } = {},
): Promise<RunFixture & { readonly id: string }> {
  runs += 1;
  const { held, ...rest } = options;
  const startedAt = Date.UTC(2026, 0, runs);
  const written = await writeRunFixture({
    ...{ runsDir, mode, artifacts: { 'eval/metrics.json': EVALUATION } },
    ...rest,
    outcome: { startedAt, endedAt: startedAt + 60_000, phases: phasesOf(mode), ...rest.outcome },
  });
  // Ids sort as the runs began.
  const runId = `202601${String(runs).padStart(2, '0')}-000000-${written.runId.slice(-6)}`;
  const runDir = join(runsDir, runId);
  renameSync(written.runDir, runDir);
  const outcome = written.run.outcome && { ...written.run.outcome, runId };
  if (outcome !== null) writeFileSync(runPath(runDir, 'outcome'), JSON.stringify(outcome));
  const fixture = { runId, runDir, run: { ...written.run, runId, runDir, outcome } };
  return { ...fixture, id: await server.hold(fixture, { startTimeMs: startedAt, ...held }) };
}

const EMPTY = ['--runs-dir', 'empty', '--from', 'mlflow'] as const;

/** A container that was not started for its run has no phase of its start. */
const phasesOf = (mode: RunMode): Readonly<Record<string, number>> => ({
  startup: 12,
  ...(mode === 'docker' ? { trainerStartup: 600 } : {}),
  ...{ engine: 400.5, train: 140 },
});

/** The same library on a card: what it computes is of another spec. */
const ENGINE_OF_A_CARD: RunSpec['engine'] = {
  ...{ name: 'tensorflow', version: '2.21.0', step: 'auto' },
  gpu: { deterministic: true },
};

interface Document {
  readonly sides: readonly { readonly name: string; readonly runs: readonly { readonly runId: string }[] }[];
}
const sidesOf = (document: unknown) =>
  Object.fromEntries(
    (document as Document).sides.map(({ name, runs: each }) => [name, each.map(({ runId }) => runId)]),
  );

describe('compare --from mlflow', () => {
  it.each<[string, readonly string[]]>([
    ['without a name', []],
    ['by tag', ['--tag', 'gpu=no']],
    ['by experiment', ['--experiment', 'mnist-cnn']],
  ])('%s says of recorded runs what compare says of their directories', async (_, chosen) => {
    const cli = open();
    const request = { tags: { gpu: 'no' } };
    for (const mode of ['inprocess', 'docker', 'inprocess', 'docker'] as const)
      await record(cli, mode, { request });
    const here = await cli.run('compare', ...chosen, '--json');
    const there = await cli.run('compare', ...EMPTY, ...chosen, '--json');
    expect(there).toEqual(here);
    expect(there.status).toBe(0);
    expect([...folders].map((folder) => existsSync(folder))).toEqual([false]);
    expect(existsSync(join(cli.cwd, 'empty'))).toBe(false);
  });

  it.each(['terminal', 'markdown', 'csv'])('has the format %s, and the conditions', async (format) => {
    const cli = open();
    for (const mode of ['inprocess', 'docker'] as const) await record(cli, mode);
    const args = ['--format', format, '--fail-if', 'docker.imagesPerSecond < 1e9'];
    const here = await cli.run('compare', ...args);
    expect(await cli.run('compare', ...EMPTY, ...args)).toEqual(here);
    expect(here.status).toBe(1);
  });

  it('makes the page of them, curves and matrices too, in a runs directory that had no run yet', async () => {
    const cli = open({ env: { PATH: '/nowhere' } });
    for (const mode of ['inprocess', 'docker'] as const) await record(cli, mode);
    expect((await cli.run('compare', '--open')).status).toBe(0);
    const { status, stderr } = await cli.run('compare', ...EMPTY, '--open');
    const page = join(cli.cwd, 'empty/report.html');
    expect({ status, stderr }).toEqual({ status: 0, stderr: `The comparison (html) is in ${page}.\n` });
    expect(readFileSync(page, 'utf8')).toBe(readFileSync(join(cli.runsDir, 'report.html'), 'utf8'));
  });

  it('--scaling reads the cost of runs of several lengths off them', async () => {
    const cli = open();
    const ids: string[] = [];
    for (const epochs of [1, 2, 4])
      ids.push((await record(cli, 'docker', { epochs, steps: 10 * epochs })).runId);
    const here = await cli.run('compare', '--scaling', ...ids);
    expect(here.status).toBe(0);
    expect(await cli.run('compare', ...EMPTY, '--scaling', ...ids)).toEqual(here);
  });

  it('takes names of either kind, and each run once', async () => {
    const cli = open();
    const [first, second] = [await record(cli, 'inprocess'), await record(cli, 'docker')];
    const names = [first.runId, first.id, second.runId.slice(-6), 'latest'];
    expect(sidesOf(await cli.json('compare', ...EMPTY, ...names))).toEqual({
      inprocess: [first.runId],
      docker: [second.runId],
    });
  });

  it('looks for names in the experiment that is given, and asks for the latest of the one in the environment', async () => {
    const cli = open({ env: { MLFLOW_EXPERIMENT_NAME: 'digits' } });
    const held = { experiment: 'digits' };
    const [first, second] = [await record(cli, 'inprocess', { held }), await record(cli, 'docker', { held })];
    const expected = { inprocess: [first.runId], docker: [second.runId] };
    expect(sidesOf(await cli.json('compare', ...EMPTY))).toEqual(expected);
    const named = [first.runId, second.runId, '--experiment', 'digits'];
    expect(sidesOf(await cli.json('compare', ...EMPTY, ...named))).toEqual(expected);
    expect(
      await cli.json('compare', ...EMPTY, ...named.slice(0, 2), '--experiment', 'mnist-cnn'),
    ).toMatchObject({
      error: { code: 'run-not-found', message: `There is no experiment mnist-cnn at ${server.uri}.` },
    });
  });

  it('reads of many runs only those that can be compared', async () => {
    const cli = open();
    for (const seed of [1, 2, 3]) await record(cli, 'docker', { spec: { seed } });
    for (const mode of ['inprocess', 'docker'] as const) await record(cli, mode);
    await record(cli, 'inprocess', { spec: { seed: 3 } });
    const document = await cli.json('compare', ...EMPTY);
    expect(document).toMatchObject(await cli.json('compare'));
    const outcomes = server.seen.filter(({ path }) => path.endsWith('/logs/outcome.json'));
    expect(outcomes).toHaveLength(2);
  });

  it('reads nothing of runs that the list itself tells to be all on one side, or not of one spec', async () => {
    const cli = open();
    const outcomesRead = (): number =>
      server.seen.filter(({ path }) => path.endsWith('/logs/outcome.json')).length;
    for (const mode of ['inprocess', 'docker'] as const) await record(cli, mode);
    const spec = { seed: 1 };
    const cold = [await record(cli, 'docker', { spec }), await record(cli, 'docker', { spec })];
    await record(cli, 'inprocess', { outcome: { phases: { ...phasesOf('inprocess'), evaluate: 90 } } });
    await record(cli, 'inprocess', { spec: { ...spec, engine: ENGINE_OF_A_CARD } });
    expect(await cli.json('compare', ...EMPTY)).toMatchObject(await cli.json('compare'));
    expect(outcomesRead()).toBe(2);

    const warm = await record(cli, 'docker', { spec, outcome: { phases: phasesOf('inprocess') } });
    expect(sidesOf(await cli.json('compare', ...EMPTY))).toEqual({
      docker: cold.map(({ runId }) => runId),
      'docker-warm': [warm.runId],
    });
    expect(outcomesRead()).toBe(2 + 3);
  });

  it('says which newer runs are passed over', async () => {
    const cli = open();
    for (const mode of ['inprocess', 'docker'] as const) await record(cli, mode);
    const newer = [];
    for (const seed of [1, 2]) newer.push(await record(cli, 'docker', { spec: { seed } }));
    expect((await cli.run('compare', ...EMPTY)).stderr).toBe(
      `2 newer runs are passed over; the newest, ${newer[1]!.runId}, has seed 2 instead of 7. Name runs to compare others.\n`,
    );
  });

  it('says of a newer run that was not evaluated just that, as it says of one of this machine', async () => {
    const cli = open();
    for (const mode of ['inprocess', 'docker'] as const) await record(cli, mode);
    const { runId } = await record(cli, 'docker', {
      outcome: { phases: { ...phasesOf('docker'), evaluate: 90 } },
    });
    const line = `1 newer run is passed over: ${runId} has evaluated true instead of false. Name runs to compare others.\n`;
    expect((await cli.run('compare', ...EMPTY)).stderr).toBe(line);
    expect((await cli.run('compare')).stderr).toBe(line);
  });

  it('says what is wrong with newer runs that would be compared if it could read them', async () => {
    const cli = open();
    const pair = [await record(cli, 'inprocess'), await record(cli, 'docker')];
    const spec = { seed: 1 };
    const lost = await record(cli, 'inprocess', { spec });
    const newest = await record(cli, 'docker', { spec });
    server.artifacts.delete(server.pathOf(lost.id, 'logs/spec.json'));
    const { stdout, stderr } = await cli.run('compare', ...EMPTY, '--json');
    expect(sidesOf(JSON.parse(stdout))).toEqual({ inprocess: [pair[0]!.runId], docker: [pair[1]!.runId] });
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(`^Left out: Run ${lost.runId} is not whole .* logs/spec\\.json .* is missing`),
      `2 newer runs are passed over; the newest, ${newest.runId}, cannot be compared, as not all runs of its spec could be read. Name runs to compare others.`,
      '',
    ]);
  });

  it('says what is left out, and why', async () => {
    const cli = open();
    const pair = [await record(cli, 'inprocess'), await record(cli, 'docker')];
    const lost = await record(cli, 'docker');
    server.artifacts.delete(server.pathOf(lost.id, 'logs/spec.json'));
    await record(cli, 'docker', { outcome: { status: 'failed', reason: 'diverged' } });
    await record(cli, 'docker', { ended: false });
    const key = '20260103-000000-dddddd/warm-up/docker';
    await record(cli, 'docker', { request: { key } });
    const stranger = await record(cli, 'docker');
    delete server.runs.get(stranger.id)?.tags['runner.run_id'];
    await server.hold(pair[0]!);
    const chosen = await cli.run('compare', ...EMPTY, '--experiment', 'mnist-cnn', '--json');
    expect(chosen.status).toBe(0);
    expect(sidesOf(JSON.parse(chosen.stdout))).toEqual({
      inprocess: [pair[0]!.runId],
      docker: [pair[1]!.runId],
    });
    expect(chosen.stderr.split('\n')).toEqual([
      '1 run was not recorded by runner and is left out.',
      '1 record is of runs that are there already: each run counts once.',
      '2 runs that have not succeeded are left out; --force takes in those that have ended.',
      `Left out: Run ${lost.runId} is not whole at the tracking server: logs/spec.json in mlflow-artifacts:/0/${lost.id}/artifacts is missing. \`runner log ${lost.runId} --verify\` on fixture-host, where the run lies, sends what is missing or differs; or leave the run out.`,
      '',
    ]);
  });

  it('does not take the runs of a smoke test for the latest, but where they are asked for', async () => {
    const cli = open();
    const own = [await record(cli, 'inprocess'), await record(cli, 'docker')];
    const smoke = [];
    for (const mode of ['inprocess', 'docker'] as const) {
      smoke.push(await record(cli, mode, { request: { key: smokeKey('0a1b2c', mode) } }));
    }
    const latest = await cli.run('compare', ...EMPTY, '--json');
    expect(sidesOf(JSON.parse(latest.stdout))).toEqual({
      inprocess: [own[0]!.runId],
      docker: [own[1]!.runId],
    });
    const all = await cli.run('compare', ...EMPTY, '--experiment', 'mnist-cnn', '--json');
    expect(sidesOf(JSON.parse(all.stdout)).docker).toEqual([smoke[1]!.runId, own[1]!.runId].sort());
  });

  it('with --force takes in what has ended badly', async () => {
    const cli = open();
    await record(cli, 'inprocess');
    const failed = await record(cli, 'docker', { outcome: { status: 'failed', reason: 'diverged' } });
    await record(cli, 'docker', { ended: false });
    const { stdout, stderr } = await cli.run(
      'compare',
      ...EMPTY,
      '--experiment',
      'mnist-cnn',
      '--force',
      '--json',
    );
    expect(sidesOf(JSON.parse(stdout))).toMatchObject({ docker: [failed.runId] });
    expect(stderr).toBe('1 run that has not succeeded is left out: no outcome yet.\n');
  });
});

describe('a name ends the command if its run', () => {
  it.each<[string, Partial<RunFixtureOptions> & { held?: object }, string, RegExp]>([
    ['goes on', { ended: false }, 'run-unfinished', /is running, as far as http:\S+ knows/],
    ['was deleted', { held: { stage: 'deleted' } }, 'run-deleted', /is deleted at http/],
    [
      'has no artifacts there',
      { held: { files: false } },
      'tracking-incomplete',
      /outcome\.json in \S+ is missing/,
    ],
  ])('%s', async (_, options, code, message) => {
    const cli = open();
    const good = await record(cli, 'inprocess');
    const bad = await record(cli, 'docker', options);
    expect(await cli.json('compare', ...EMPTY, good.runId, bad.runId)).toMatchObject({
      error: { code, message: expect.stringMatching(message) as string },
    });
  });

  it('may be one of several', async () => {
    const cli = open();
    const ids = [(await record(cli, 'inprocess')).runId, (await record(cli, 'docker')).runId];
    expect(await cli.json('compare', ...EMPTY, '202601', 'latest')).toMatchObject({
      error: { code: 'run-ambiguous', message: `"202601" fits 2 runs: ${ids.reverse().join(', ')}.` },
    });
  });

  it('is not there', async () => {
    const cli = open();
    await record(cli, 'inprocess');
    expect(await cli.json('compare', ...EMPTY, 'zzzz', 'latest')).toMatchObject({
      error: {
        code: 'run-not-found',
        message: `There is no run "zzzz" in experiment mnist-cnn at ${server.uri}.`,
      },
    });
  });
});

describe('compare --from mlflow without what it needs', () => {
  it.each<[readonly string[], NodeJS.ProcessEnv, number, string]>([
    [['--from', 'mlflow'], { MLFLOW_TRACKING_URI: '' }, 2, 'there is no tracking server to read from'],
    [
      ['--tracking-uri', 'http://x'],
      {},
      2,
      '--tracking-uri is for runs that are read from a tracking server',
    ],
    [['--from', 'mlflow', 'latest', '--tag', 'a=b'], {}, 2, 'Runs are named or chosen by tag a=b, not both'],
    [['--from', 'mlflow', '--tracking-uri', 'file:///x'], {}, 2, 'over http and https only'],
    [
      ['--from', 'mlflow', '--tracking-uri', 'http://127.0.0.1:1'],
      {},
      4,
      'nothing listens there (ECONNREFUSED)',
    ],
  ])('%j says so', async (args, env, status, message) => {
    const ran = await open({ env: env as Record<string, string> }).run('compare', ...args);
    expect(ran).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(message) as string });
  });

  it.each<[string, readonly string[]]>([
    ['logs/spec.json', []],
    ['logs/events.ndjson', ['--output', 'page.html']],
  ])('ends while it reads %s when it is told to, and leaves nothing', async (file, args) => {
    const cli = open();
    for (const mode of ['inprocess', 'docker'] as const) await record(cli, mode);
    server.instead = ({ path }) => {
      if (!path.endsWith(`/${file}`)) return undefined;
      cli.signals.emit('SIGINT', 'SIGINT');
      return 'hang';
    };
    const { status, stderr } = await cli.run('compare', ...EMPTY, ...args);
    expect({ status, stderr }).toEqual({
      status: 130,
      stderr: expect.stringContaining('Stopped by SIGINT.') as string,
    });
    expect([...folders].map((folder) => existsSync(folder))).toEqual([false]);
  });

  it('shows on a terminal how far it is', async () => {
    const cli = open({ columns: 100 });
    for (const mode of ['inprocess', 'docker'] as const) await record(cli, mode);
    const { stderr } = await cli.run('compare', ...EMPTY);
    expect(stderr.split('\r').map((line) => line.replace('\u001B[K', ''))).toEqual([
      '',
      `Asking ${server.uri} for runs`,
      `${server.uri}: 2 runs found`,
      'Reading 2 runs [============            ] 50 %',
      'Reading 2 runs [========================] 100 %\n',
    ]);
  });
});
