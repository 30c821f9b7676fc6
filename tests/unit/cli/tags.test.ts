import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine } from './command-line.js';
import { dirOf, reopen } from './left-runs.js';

const TRAIN = ['train', '--batch-size', '16', '--epochs', '2', '--threads', '2', '--quiet'] as const;
const [FIRST, SECOND, THIRD] = [
  '20260101-000000-aaaaaa',
  '20260102-000000-bbbbbb',
  '20260103-000000-cccccc',
] as const;
/** What to do about a damaged request.json. */
const REMEDY =
  'Remove that file, and the run counts as one without key, tags and experiment; or the run: `runner runs rm`.';
type Cli = ReturnType<typeof commandLine>;

async function trainAs(cli: Cli, id: string, ...args: readonly string[]): Promise<string> {
  const { runId } = await cli.json(...TRAIN, ...args);
  renameSync(dirOf(cli, String(runId)), dirOf(cli, id));
  const file = join(dirOf(cli, id), 'outcome.json');
  const outcome = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...outcome, runId: id }));
  return id;
}

const listed = async (cli: Cli, ...args: readonly string[]): Promise<string[]> =>
  ((await cli.json('runs', 'ls', ...args)) as { runs: { runId: string }[] }).runs.map(({ runId }) => runId);
const compared = async (cli: Cli, ...args: readonly string[]): Promise<string[]> =>
  ((await cli.json('compare', ...args)) as { sides: { runs: { runId: string }[] }[] }).sides
    .flatMap(({ runs }) => runs.map(({ runId }) => runId))
    .sort();

describe('tags', () => {
  it('are kept with the run, and absent of one without', async () => {
    using cli = commandLine();
    await trainAs(cli, FIRST, '--tag', 'sweep=a', '--tag', 'note=x=y', '--tag', 'empty=');
    await trainAs(cli, SECOND);
    const requestOf = (id: string): unknown =>
      JSON.parse(readFileSync(join(dirOf(cli, id), 'request.json'), 'utf8'));
    expect(requestOf(FIRST)).toMatchObject({ tags: { sweep: 'a', note: 'x=y', empty: '' } });
    expect(requestOf(SECOND)).not.toHaveProperty('tags');
  });

  it('are shown with the run, harmless to the terminal', async () => {
    using cli = commandLine();
    await trainAs(cli, FIRST, '--tag', 'sweep=a', '--tag', 'note=x\u001b[2J\ny');
    await trainAs(cli, SECOND);
    const shown = async (id: string) => (await cli.run('runs', 'show', id)).stdout;
    expect(await shown(FIRST)).toMatch(/^ {2}tags +sweep=a, note=x\\u001b\[2J y$/m);
    expect(await shown(SECOND)).not.toContain('tags');
    const tagsOf = async (id: string) => (await cli.json('runs', 'show', id)).tags;
    expect([await tagsOf(FIRST), await tagsOf(SECOND)]).toEqual([{ sweep: 'a', note: 'x\u001b[2J\ny' }, {}]);
    reopen(cli, FIRST);
    expect(await shown(FIRST)).toMatch(/^ {2}tags +sweep=a, /m);
  });

  it('that cannot be read hide nothing else of the run, and the file is named', async () => {
    using cli = commandLine();
    await trainAs(cli, FIRST, '--tag', 'sweep=a');
    const file = join(dirOf(cli, FIRST), 'request.json');
    writeFileSync(file, '{');
    const { status, stdout, stderr } = await cli.run('runs', 'show', FIRST);
    expect([
      status,
      stderr.startsWith(`Its tags are not known: ${file} is no JSON: `),
      stderr.includes(REMEDY),
    ]).toEqual([0, true, true]);
    expect(stdout).toMatch(/^ {2}status +succeeded$/m);
    expect(await cli.json('runs', 'show', FIRST)).toMatchObject({ tags: null, state: 'succeeded' });
  });

  it('choose runs that have all of them, in the list and in the comparison', async () => {
    using cli = commandLine();
    await trainAs(cli, FIRST, '--tag', 'sweep=a', '--tag', 'host=x');
    await trainAs(cli, SECOND, '--tag', 'sweep=a', '--experiment', 'digits');
    await trainAs(cli, THIRD, '--tag', 'sweep=b', '--experiment', 'digits');
    expect(await listed(cli, '--tag', 'sweep=a')).toEqual([SECOND, FIRST]);
    expect(await listed(cli, '--tag', 'sweep=a', '--tag', 'host=x')).toEqual([FIRST]);
    expect((await cli.run('runs', 'ls', '--tag', 'sweep=c')).stdout).toBe(
      `There are no runs with tag sweep=c in ${cli.runsDir}.\n`,
    );
    expect(await compared(cli, '--tag', 'sweep=a')).toEqual([FIRST, SECOND]);
    expect(await compared(cli, '--experiment', 'digits')).toEqual([SECOND, THIRD]);
    expect(await cli.json('compare', '--tag', 'sweep=b', '--experiment', 'mnist-cnn')).toMatchObject({
      error: {
        code: 'run-not-found',
        message: `There is no run with tag sweep=b and experiment mnist-cnn in ${cli.runsDir}.`,
      },
    });
  });

  it.each([
    ['sweep', 'expected KEY=VALUE, got "sweep".'],
    ['=a', 'expected KEY=VALUE, got "=a".'],
    ['mlflow.user=eve', 'keys that begin with mlflow. are not for tags of yours: "mlflow.user".'],
    ['runner.mode=docker', 'keys that begin with runner. are not for tags of yours: "runner.mode".'],
    [
      'a:b=c',
      'expected a key of at most 250 letters, digits, spaces and _ - . / (none of these first), got "a:b".',
    ],
    [`a=${'x'.repeat(5001)}`, 'expected at most 5000 characters of a, got 5001.'],
  ])('refuse %.20s before anything is trained', async (tag, what) => {
    using cli = commandLine();
    for (const command of ['train', 'compare']) {
      expect(await cli.json(command, '--tag', tag)).toMatchObject({
        error: { code: 'usage', message: `--tag: ${what}` },
      });
    }
    expect(await listed(cli)).toEqual([]);
  });

  it('have one value a key', async () => {
    using cli = commandLine();
    expect(await cli.json('train', '--tag', 'a=1', '--tag', 'a=2')).toMatchObject({
      error: { code: 'usage', message: '--tag: expected one value of a, got "1" and "2".' },
    });
  });
});

describe('a comparison by tag', () => {
  it('leaves out what has no outcome, and says so; with nothing left it is none', async () => {
    using cli = commandLine();
    for (const id of [FIRST, SECOND, THIRD]) await trainAs(cli, id, '--tag', 'sweep=a');
    reopen(cli, THIRD);
    const { status, stderr } = await cli.run('compare', '--tag', 'sweep=a');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: '1 run that has not succeeded is left out; --force takes in those that have ended.\n',
    });
    reopen(cli, FIRST);
    reopen(cli, SECOND);
    expect(await cli.json('compare', '--tag', 'sweep=a')).toMatchObject({
      error: { code: 'not-comparable', message: 'No run with tag sweep=a has succeeded.' },
    });
  });

  it('counts a run whose request.json is damaged as one that cannot be read', async () => {
    using cli = commandLine();
    for (const id of [FIRST, SECOND, THIRD]) await trainAs(cli, id, '--tag', 'sweep=a');
    writeFileSync(join(dirOf(cli, THIRD), 'request.json'), '{"tags": ');
    const { status, stderr } = await cli.run('compare', '--tag', 'sweep=a');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `1 run cannot be read and is left out: ${dirOf(cli, THIRD)}/request.json is no JSON: Unexpected end of JSON input. ${REMEDY}\n`,
    });
    expect(await cli.json('compare', FIRST, THIRD)).toMatchObject({
      error: {
        code: 'run-corrupt',
        message: expect.stringContaining('request.json') as string,
        hint: REMEDY,
      },
    });
    // What it was given is not known, so it is not hidden.
    expect(await listed(cli, '--tag', 'sweep=a')).toEqual([THIRD, SECOND, FIRST]);
    expect(await listed(cli, '--tag', 'sweep=b')).toEqual([THIRD]);
  });

  it('takes no names besides', async () => {
    using cli = commandLine();
    expect(await cli.json('compare', 'latest', '--tag', 'sweep=a')).toMatchObject({
      error: { code: 'usage', message: 'Runs are named or chosen by tag sweep=a, not both.' },
    });
  });
});
