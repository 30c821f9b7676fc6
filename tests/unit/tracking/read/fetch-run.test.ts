import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RunnerError } from '../../../../src/contract/errors.js';
import type { RecordedRun, RecordedRuns } from '../../../../src/tracking/read/recorded-runs.js';
import {
  sha256,
  writeRunFixture,
  type RunFixture,
  type RunFixtureOptions,
} from '../../../tracking/support/run-fixture.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { signal } from '../mlflow/fake-server.js';
import { recordedServer, type RecordedServer } from './recorded-server.js';

const EVALUATION = JSON.stringify({ testLoss: 0.05, testAccuracy: 0.98, perClass: [] });
const PREDICTIONS = JSON.stringify({ schemaVersion: 1, classNames: [], labels: [] });
const EXPERIMENT = 'mnist-cnn';

let server: RecordedServer;
/** Of the runs that are recorded. */
let here: string;
/** For those that are read back. */
let there: string;
beforeEach(async () => {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  here = join(folder.path, 'here');
  there = join(folder.path, 'there');
  server = await recordedServer();
});

interface Recorded {
  readonly fixture: RunFixture;
  readonly recorded: RecordedRuns;
  readonly run: RecordedRun;
  /** Replaces what the store has of a file, or removes it. */
  readonly damage: (path: string, content?: string) => void;
}

async function record(options: Partial<RunFixtureOptions> = {}): Promise<Recorded> {
  const fixture = await writeRunFixture({
    ...{
      runsDir: here,
      artifacts: { 'eval/metrics.json': EVALUATION, 'eval/predictions.json': PREDICTIONS },
    },
    ...options,
  });
  const id = await server.hold(fixture);
  const recorded = await server.open();
  const [run] = await recorded.find(fixture.runId, EXPERIMENT, signal);
  const damage = (path: string, content?: string): void => {
    if (content === undefined) server.artifacts.delete(server.pathOf(id, path));
    else server.artifacts.set(server.pathOf(id, path), Buffer.from(content));
  };
  return { fixture, recorded, run: run!, damage };
}

const failureOf = (work: Promise<unknown>): Promise<RunnerError> =>
  work.then(
    () => expect.fail('nothing was wrong'),
    (error: unknown) => error as RunnerError,
  );

describe('a run that is read back', () => {
  it('has a directory like the one it was recorded from, as far as it is compared by that', async () => {
    const { fixture, recorded, run } = await record({ request: { key: 'a/1/docker', tags: { gpu: 'no' } } });
    await recorded.fetch(run, there, signal);
    const folder = join(there, fixture.runId);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual([
      ...['artifacts', 'artifacts/eval', 'artifacts/eval/metrics.json', 'artifacts/manifest.json'],
      ...['outcome.json', 'request.json', 'spec.json'],
    ]);
    for (const file of [
      'outcome.json',
      'spec.json',
      'artifacts/eval/metrics.json',
      'artifacts/manifest.json',
    ]) {
      expect(readFileSync(join(folder, file))).toEqual(readFileSync(join(fixture.runDir, file)));
    }
    expect(JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8'))).toEqual({
      ...{
        evaluate: false,
        startedAt: fixture.run.outcome?.startedAt,
        key: 'a/1/docker',
        tags: { gpu: 'no' },
      },
      origin: { host: 'fixture-host', runnerVersion: '0.0.0' },
      tracking: { track: true, experiment: EXPERIMENT },
    });
  });

  it('gets its events and predictions when a page is to show them', async () => {
    const { fixture, recorded, run } = await record();
    await recorded.fetch(run, there, signal);
    await recorded.fetchCourse(run, there, signal);
    for (const file of ['events.ndjson', 'artifacts/eval/predictions.json']) {
      const content = readFileSync(join(there, fixture.runId, file));
      expect(content).toEqual(readFileSync(join(fixture.runDir, file)));
    }
  });

  it('needs neither manifest nor evaluation where it failed before it had any', async () => {
    const { fixture, recorded, run } = await record({
      ...{ model: false, artifacts: {} },
      outcome: { status: 'failed', reason: 'diverged', message: 'NaN' },
    });
    await recorded.fetch(run, there, signal);
    expect(existsSync(join(there, fixture.runId, 'artifacts/manifest.json'))).toBe(false);
  });
});

describe('what a server holds otherwise than it was sent', () => {
  const [LOGS, ARTIFACTS] = [
    ['outcome.json', 'spec.json'],
    ['manifest.json', 'eval/metrics.json'],
  ];

  it.each([...LOGS.map((name) => `logs/${name}`), ...ARTIFACTS])('is told: %s is missing', async (path) => {
    const { fixture, recorded, run, damage } = await record();
    damage(path);
    const { code, message, hint } = await failureOf(recorded.fetch(run, there, signal));
    expect({ code, message, hint }).toEqual({
      code: 'tracking-incomplete',
      message: `Run ${fixture.runId} is not whole at the tracking server: ${path} in ${run.artifactUri} is missing.`,
      hint: `\`runner log ${fixture.runId} --verify\` on fixture-host, where the run lies, sends what is missing or differs; or leave the run out.`,
    });
  });

  it('is told: an evaluation of the same length that is another', async () => {
    const { recorded, run, damage } = await record();
    damage('eval/metrics.json', EVALUATION.replace('0.98', '0.99'));
    const { code, message } = await failureOf(recorded.fetch(run, there, signal));
    expect(code).toBe('tracking-incomplete');
    expect(message).toMatch(/: eval\/metrics\.json in \S+ is not what the manifest of the run says: /);
    expect(readdirSync(join(there, run.runId, 'artifacts/eval'))).toEqual([]);
  });

  it.each([
    ['logs/outcome.json', '<html>', 'is no JSON: '],
    ['logs/outcome.json', '{"schemaVersion":1}', 'does not fit its schema: '],
    ['logs/spec.json', '{"schemaVersion":1}', 'does not fit its schema: '],
    [
      'manifest.json',
      '{"schemaVersion":1,"files":{"a":{"bytes":-1,"sha256":""}}}',
      'does not fit its schema: ',
    ],
  ])('is told by where it lies, not by its copy: %s with %s', async (path, content, why) => {
    const { recorded, run, damage } = await record();
    damage(path, content);
    const { code, message } = await failureOf(recorded.fetch(run, there, signal));
    expect(code).toBe('tracking-incomplete');
    expect(message).toContain(
      `Run ${run.runId} cannot be read from the tracking server: ${path} in ${run.artifactUri} ${why}`,
    );
    expect(message).not.toContain(there);
  });

  it('is told: an outcome that is larger than any', async () => {
    const { recorded, run, damage } = await record();
    damage('logs/outcome.json', ' '.repeat(16 * 1024 * 1024 + 1));
    const { message } = await failureOf(recorded.fetch(run, there, signal));
    expect(message).toContain('is larger than the 16 MiB that are read');
  });

  it('is told: the outcome of another run', async () => {
    const { recorded, run, fixture, damage } = await record();
    damage('logs/outcome.json', JSON.stringify({ ...fixture.run.outcome, runId: '20260101-000000-aaaaaa' }));
    const { message } = await failureOf(recorded.fetch(run, there, signal));
    expect(message).toContain('is that of another run (20260101-000000-aaaaaa)');
  });

  it('is told apart from what a later version wrote', async () => {
    const { recorded, run, damage } = await record();
    damage('logs/spec.json', '{"schemaVersion":2}');
    const { code, hint } = await failureOf(recorded.fetch(run, there, signal));
    expect({ code, hint }).toEqual({
      code: 'run-newer-schema',
      hint: 'Upgrade `runner` to the version that wrote this run, or a later one.',
    });
  });

  it('never gets out of the run: a manifest may name what it likes', async () => {
    const { recorded, run, damage } = await record();
    const files = { '../../../outside': { bytes: 1, sha256: sha256('x') } };
    damage('manifest.json', JSON.stringify({ schemaVersion: 1, files }));
    damage('../../../outside', 'x');
    await recorded.fetch(run, there, signal);
    await recorded.fetchCourse(run, there, signal);
    expect(readdirSync(join(there, '..')).sort()).toEqual(['here', 'there']);
    expect(readdirSync(there)).toEqual([run.runId]);
  });
});

describe('a store that is no file’s fault', () => {
  it.each([
    [
      503,
      'artifact-store-unreachable',
      'Start the artifact store, or wait until it answers; then try again.',
    ],
    [403, 'artifact-store-forbidden', 'Check the credentials of the artifact store (docs/tracking.md).'],
  ])('%i is %s, with what to do where nothing is recorded', async (status, code, hint) => {
    const { recorded, run } = await record();
    server.instead = ({ path }) =>
      path.includes('mlflow-artifacts') ? { status, headers: { 'retry-after': '0' } } : undefined;
    expect(await failureOf(recorded.fetch(run, there, signal))).toMatchObject({ code, hint });
  });

  it('and answers 500 for a file that is not there, as MLflow does over S3, is asked for its list', async () => {
    const { recorded, run, damage } = await record();
    damage('logs/spec.json');
    const listing = { files: [{ path: 'outcome.json', is_dir: false, file_size: 1 }] };
    server.instead = ({ path }) =>
      path.endsWith('/artifacts/logs/spec.json')
        ? { status: 500, body: { error_code: 'INTERNAL_ERROR', message: 'NoSuchKey' } }
        : path.includes('/artifacts?')
          ? { body: listing }
          : undefined;
    expect((await failureOf(recorded.fetch(run, there, signal))).message).toContain('logs/spec.json in');
    listing.files.push({ path: 'spec.json', is_dir: false, file_size: 1 });
    expect(await failureOf(recorded.fetch(run, there, signal))).toMatchObject({ code: 'tracking-refused' });
  });
});
