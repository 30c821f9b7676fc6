import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine, failed, TRAINED, trainerExit } from './command-line.js';
import type { CommandLineOptions } from './command-line.js';
import { dirOf, reopen } from './left-runs.js';

type Cli = ReturnType<typeof commandLine>;

const TRAIN = ['train', '--batch-size', '16', '--epochs', '2', '--threads', '2', '--quiet'] as const;
const IDS = ['20260101-000000-aaaaaa', '20260102-000000-bbbbbb', '20260103-000000-cccccc'] as const;
const [FIRST, SECOND, THIRD] = IDS;

/** A run of each mode that is named, with times that do not depend on the machine; each on a day of its own. */
async function trainEach(cli: Cli, modes: readonly string[], options: readonly string[] = []): Promise<void> {
  for (const mode of modes) {
    const { runId } = await cli.json(...TRAIN, '--mode', mode, ...options);
    const day = IDS.findIndex((id) => !exists(cli, id));
    renameSync(dirOf(cli, String(runId)), dirOf(cli, IDS[day]!));
    const file = join(dirOf(cli, IDS[day]!), 'outcome.json');
    const outcome = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const isolated = mode !== 'inprocess';
    const start = isolated ? { start: 400, trainerStartup: 600 } : {};
    const fixed = {
      runId: IDS[day],
      startedAt: Date.UTC(2026, 0, day + 1),
      endedAt: Date.UTC(2026, 0, day + 1, 0, 0, isolated ? 11 : 10),
      phases: { startup: 200, ...start, engine: 412, train: 8432 },
      resources: isolated
        ? { wallMs: 11_000, cpuSeconds: 0.9, peakRssBytes: 88e6 }
        : { wallMs: 10_000, cpuSeconds: 9, peakRssBytes: 6e8 },
      ...(isolated ? { trainer: { cpuSeconds: 9, peakMemoryBytes: 6.1e8 } } : {}),
    };
    writeFileSync(file, JSON.stringify({ ...outcome, ...fixed }));
  }
}

const exists = (cli: Cli, id: string): boolean => {
  try {
    return readFileSync(join(dirOf(cli, id), 'spec.json')).length > 0;
  } catch {
    return false;
  }
};

async function trained(modes: readonly string[], options: CommandLineOptions = {}): Promise<Cli> {
  const cli = commandLine(options);
  await trainEach(cli, modes);
  return cli;
}

interface Document {
  readonly sides: { readonly name: string; readonly runs: { readonly runId: string }[] }[];
  readonly error?: { readonly code: string; readonly message: string };
}
const idsOf = ({ sides }: Document) =>
  Object.fromEntries(sides.map(({ name, runs }) => [name, runs.map(({ runId }) => runId)]));

describe('compare', () => {
  it('without a name compares the latest runs of each mode that share a spec', async () => {
    using cli = await trained(['inprocess', 'docker']);
    await trainEach(cli, ['inprocess'], ['--seed', '7']);
    const { status, stdout, stderr } = await cli.run('compare');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `1 newer run is passed over: ${THIRD} has seed 7 instead of 42. Name runs to compare others.\n`,
    });
    expect(stdout).toBe(`inprocess (1 run), docker (1 run): mnist-cnn, 2 epochs, batch 16, seed 42, 2
threads

A container costs 1.0 s a run more than inprocess, however long the run: here
10.0 % of 10.0 s. It trained at 1.00 times the throughput; 1 run a side cannot
tell that from noise. With the same throughput it costs under 1 % of runs that
take 1 min 40 s or longer. The runner’s own process took 88.0 MB and 0.90 s of
CPU instead of 600 MB and 9.00 s.

weights  the same in every run, to the bit (sha256:1a2b3c4d1a2b)
quality  the same: loss 0.0421 nats, accuracy 98.81 % on the validation images
runs     inprocess  ${FIRST}
         docker     ${SECOND}

FIGURES                inprocess  docker  CHANGE  RATIO
throughput, images/s      13,842  13,842       0   1.00
time in all, s              10.0    11.0   +1.00   1.10
training, s                 8.43    8.43       0   1.00
beside training, s          1.57    2.57   +1.00   1.64
set-up, once, s             0.00    0.00       0      –
CPU in all, s               9.00    9.90   +0.90   1.10
CPU of runner, s            9.00    0.90   −8.10  0.100
memory of trainer, MB        600     610   +10.0   1.02
memory of runner, MB         600    88.0    −512  0.147

TIME BY PHASE   inprocess  docker  docker, training cut short
startup            200 ms  200 ms  ███▎
start                   –  400 ms     ██████▌
trainerStartup          –  600 ms           █████████▉
engine             412 ms  412 ms                     ██████▊
train               8.4 s   8.4 s                            ╌╌
rest               956 ms  956 ms                              ███████████████▋

note     What is noise cannot be told from 1 run a side: 3 or more give
         intervals.
`);
  });

  it('takes no run that only warmed a bench up, unless it is named', async () => {
    using cli = await trained(['inprocess', 'docker']);
    await trainEach(cli, ['docker'], ['--key', '20260103-000000-dddddd/warm-up/docker']);
    const latest = { inprocess: [FIRST], docker: [SECOND] };
    expect(idsOf((await cli.json('compare')) as unknown as Document)).toEqual(latest);
    const tagged = await cli.json('compare', '--experiment', 'mnist-cnn');
    expect(idsOf(tagged as unknown as Document)).toEqual(latest);
    expect(idsOf((await cli.json('compare', FIRST, THIRD)) as unknown as Document)).toEqual({
      inprocess: [FIRST],
      docker: [THIRD],
    });
  });

  it.each([
    [['--open'], '--scaling has no --open.'],
    [['--force'], '--scaling has no --force.'],
    [['--output', 'report.md'], '--scaling has no --output.'],
    [['--format', 'csv'], '--scaling has no --format csv.'],
  ])('with --scaling refuses %j', async (options, message) => {
    using cli = commandLine();
    const { status, stderr } = await cli.run('compare', '--scaling', 'latest', ...options);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining(message) as string,
    });
  });

  it('compares those that are named, each once', async () => {
    using cli = await trained(['inprocess', 'process', 'docker']);
    expect(idsOf((await cli.json('compare', 'cccccc', FIRST, 'latest')) as unknown as Document)).toEqual({
      inprocess: [FIRST],
      docker: [THIRD],
    });
  });

  it.each([
    ['markdown', /^## inprocess, docker\n/],
    ['csv', /^side,figure,unit,/],
    ['html', /^<!doctype html>\s*<html lang="en">/],
    ['json', /^\{\n {2}"schemaVersion": 1,\n/],
    ['terminal', /^inprocess \(1 run\), docker \(1 run\)/],
  ])('shows it as %s', async (format, beginning) => {
    using cli = await trained(['inprocess', 'docker']);
    expect((await cli.run('compare', '--format', format)).stdout).toMatch(beginning);
  });

  it('uses colour on a terminal only', async () => {
    using terminal = await trained(['inprocess', 'docker'], { columns: 80 });
    expect((await terminal.run('compare')).stdout).toMatch(/^\u001b\[1m/);
    using plain = await trained(['inprocess', 'docker'], { columns: 80, env: { NO_COLOR: '1' } });
    expect((await plain.run('compare')).stdout).not.toContain('\u001b');
  });
});

describe('compare --output', () => {
  it.each([
    ['report.md', '## inprocess, docker', 'markdown'],
    ['report.CSV', 'side,figure,unit,', 'csv'],
    ['report.json', '{\n  "schemaVersion": 1,', 'json'],
    ['report.html', '<!doctype html>', 'html'],
    ['report', 'inprocess (1 run), docker (1 run)', 'terminal'],
  ])('writes %s in the form that its name says', async (name, beginning, format) => {
    using cli = await trained(['inprocess', 'docker'], { columns: 80 });
    const path = join(cli.cwd, name);
    expect(await cli.run('compare', '--output', name)).toMatchObject({
      status: 0,
      stdout: '',
      stderr: `The comparison (${format}) is in ${path}.\n`,
    });
    const text = readFileSync(path, 'utf8');
    expect(text.startsWith(beginning)).toBe(true);
    expect(text.endsWith('\n')).toBe(true);
    expect(text).not.toContain('\u001b');
  });

  it('goes with --json, which then tells the path', async () => {
    using cli = await trained(['inprocess', 'docker']);
    expect(await cli.json('compare', '--output', 'x.txt', '--format', 'csv')).toMatchObject({
      baseline: 'inprocess',
      output: join(cli.cwd, 'x.txt'),
    });
    expect(readFileSync(join(cli.cwd, 'x.txt'), 'utf8')).toMatch(/^side,figure/);
  });

  it('writes through a link', async () => {
    using cli = await trained(['inprocess', 'docker']);
    cli.write('page.md', 'old');
    symlinkSync('page.md', join(cli.cwd, 'link.md'));
    await cli.run('compare', '--output', 'link.md');
    expect(readFileSync(join(cli.cwd, 'page.md'), 'utf8')).toMatch(/^## inprocess/);
  });

  it.each([
    ['nowhere/report.md', 'there is no folder CWD/nowhere'],
    ['digits', 'it is a folder'],
  ])('says why %s cannot be written', async (name, why) => {
    using cli = await trained(['inprocess', 'docker']);
    const { error } = (await cli.json('compare', '--output', name)) as unknown as Document;
    expect(error).toMatchObject({
      code: 'file-unusable',
      exitCode: 3,
      message: `Cannot write ${join(cli.cwd, name)}: ${why.replace('CWD', cli.cwd)}.`,
    });
  });

  it('is refused where stdout would have to be two things', async () => {
    using cli = commandLine();
    expect(await cli.json('compare', '--format', 'csv')).toMatchObject({
      error: { code: 'usage', message: '--json and --format csv ask for two documents on stdout.' },
    });
  });
});

describe('the page of compare', () => {
  const pageOf = async (cli: Cli): Promise<string> => {
    const { status, stdout, stderr } = await cli.run('compare', '--format', 'html', '--force', FIRST, SECOND);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.replaceAll(/\s+/g, ' ');
  };
  const line = (seq: number, event: object): string =>
    `${JSON.stringify({ seq, t: Date.UTC(2026, 0, 1) + 1000 * seq, ...event })}\n`;
  const system = { type: 'system', rssBytes: 5e8, cpuSeconds: 1 };
  const writeEvents = (cli: Cli, text: string) =>
    writeFileSync(join(dirOf(cli, FIRST), 'events.ndjson'), text);
  const writeJson = (cli: Cli, id: string, name: string, document: object) => {
    mkdirSync(join(dirOf(cli, id), 'artifacts/eval'), { recursive: true });
    writeFileSync(join(dirOf(cli, id), 'artifacts/eval', name), JSON.stringify(document));
  };

  it('draws the events of a run, a half last line left out', async () => {
    using cli = await trained(['inprocess', 'docker']);
    writeEvents(cli, line(0, system) + line(1, { ...system, rssBytes: 6e8 }) + '{"seq": 2, "t": 17');
    const page = await pageOf(cli);
    expect(page).toContain('Memory of the process that trains, MB: inprocess from 500 to 600 over 2 points');
    expect(page).not.toContain('cannot be read');
  });

  it('draws events as far as they can be read, and says where they end', async () => {
    using cli = await trained(['inprocess', 'docker']);
    writeEvents(cli, `${line(0, system)}${line(1, system)}nonsense\n${line(3, system)}`);
    const page = await pageOf(cli);
    expect(page).toContain(
      'inprocess from 500 to 500 over 2 points, seconds since the start of the run 0 to 1',
    );
    expect(page).toContain(`The curves of run ${FIRST} end where its events cannot be read: `);
  });

  it('shows the pictures that sides disagree on only of the data that they were trained on', async () => {
    let trainings = 0;
    const digests = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`);
    using cli = await trained(['inprocess', 'docker'], {
      script: {
        train: () =>
          Promise.resolve(
            trainerExit({ training: { ...TRAINED, weightsDigest: digests[(trainings += 1) - 1]! } }),
          ),
      },
    });
    const perClass = [{ className: '0', precision: 1, recall: 1, f1: 1, support: 3 }];
    for (const [id, predicted] of [
      [FIRST, [0, 1, 2]],
      [SECOND, [0, 7, 2]],
    ] as const) {
      writeJson(cli, id, 'metrics.json', {
        testLoss: 1,
        testAccuracy: 0.5,
        perClass,
        confusionMatrix: [[3]],
      });
      const lists = { labels: [0, 1, 2], predicted, probabilities: [1, 0.5, 0.25] };
      writeJson(cli, id, 'predictions.json', {
        schemaVersion: 1,
        classNames: Array.from('0123456789'),
        ...lists,
      });
    }
    expect(await pageOf(cli)).toMatch(
      /<img src="data:image\/png;base64,[^"]+" width="84" height="84" alt="Test image 1, a 1: inprocess 1, docker 7"/,
    );
    renameSync(cli.dataDir, `${cli.dataDir}-away`);
    const without = await pageOf(cli);
    expect(without).not.toContain('<img');
    expect(without).toContain(
      'The pictures that sides disagree on are not shown: Cannot read the data folder',
    );
    expect(without).toContain('they take 1 for different classes');
    writeJson(cli, SECOND, 'predictions.json', { schemaVersion: 1 });
    expect(await pageOf(cli)).toContain(`The predictions of run ${SECOND} are left out: `);
  });

  it.each([
    [['--open', '--format', 'csv'], 'csv'],
    [['--open', '--output', 'report.md'], 'markdown'],
  ])('is not what %j asks for', async (args, format) => {
    using cli = commandLine();
    expect(await cli.json('compare', ...args)).toMatchObject({
      error: { code: 'usage', message: `--open shows the report as a page, and ${format} is none.` },
    });
  });

  it('that is to be opened goes into the runs directory, or where --output says', async () => {
    using cli = await trained(['inprocess', 'docker'], { env: { PATH: '/nowhere' } });
    const { status, stdout, stderr } = await cli.run('compare', '--open');
    const path = join(cli.runsDir, 'report.html');
    expect({ status, stdout, stderr }).toEqual({
      ...{ status: 0, stdout: '', stderr: `The comparison (html) is in ${path}.\n` },
    });
    expect(readFileSync(path, 'utf8')).toMatch(/^<!doctype html>/);
    expect(await cli.json('compare', '--open', '--output', 'page.htm')).toMatchObject({
      output: join(cli.cwd, 'page.htm'),
    });
    // A page in the runs directory is no run.
    expect((await cli.run('runs', 'ls')).status).toBe(0);
  });
});

describe('compare --fail-if', () => {
  it('ends with status 1 and the reason where the condition holds, the report all the same', async () => {
    using cli = await trained(['inprocess', 'docker']);
    const condition = 'docker.imagesPerSecond < 2 * inprocess.imagesPerSecond';
    const { status, stdout, stderr } = await cli.run('compare', '--fail-if', condition);
    expect(status).toBe(1);
    expect(stdout).toContain('throughput, images/s');
    expect(stderr).toBe(
      `runner: --fail-if "${condition}" holds: docker.imagesPerSecond is 13842.4, inprocess.imagesPerSecond is 13842.4.\n` +
        '  The report has every figure that was compared.\n',
    );
    expect(await cli.json('compare', '--fail-if', condition)).toMatchObject({
      baseline: 'inprocess',
      check: { expression: condition, holds: true, values: { 'docker.imagesPerSecond': 13842.4 } },
      error: { code: 'check-failed', exitCode: 1 },
    });
  });

  it('ends with 0 where it does not', async () => {
    using cli = await trained(['inprocess', 'docker']);
    const args = ['compare', '--fail-if', 'not sameWeights or docker.imagesPerSecond.ratio < 0.95'];
    expect(await cli.run(...args)).toMatchObject({ status: 0, stderr: '' });
    expect(await cli.json(...args)).toMatchObject({ check: { holds: false } });
  });

  it('tells a mistake before any run is looked at, with its place', async () => {
    using cli = commandLine();
    const { status, stdout, stderr } = await cli.run('compare', '--fail-if', 'docker.imagePerSecond < 1');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      'runner: --fail-if, at character 1: there is no name "docker.imagePerSecond"; did you mean docker.imagesPerSecond.',
      '  docker.imagePerSecond < 1',
      '  ^',
    ]);
  });
});

describe('runs that cannot be compared', () => {
  const messageOf = async (cli: Cli, ...args: string[]) => {
    const { error } = (await cli.json('compare', ...args)) as unknown as Document;
    return [error?.code, error?.message];
  };

  it('are none, one, and those of one mode', async () => {
    using cli = commandLine();
    const nothing = `There is nothing to compare: there are no runs in ${cli.runsDir}, which does not exist.`;
    expect(await messageOf(cli)).toEqual(['not-comparable', nothing]);
    await trainEach(cli, ['inprocess']);
    expect(await messageOf(cli)).toEqual([
      'not-comparable',
      'There is nothing to compare: the runs here that succeeded are all of mode inprocess.',
    ]);
    expect(await messageOf(cli, FIRST, 'latest')).toEqual([
      'not-comparable',
      'One run alone cannot be compared.',
    ]);
    expect(await messageOf(cli, 'zzzz')).toMatchObject(['run-not-found', expect.any(String)]);
  });

  it('are of other specs, unless told to; the report then says so', async () => {
    using cli = await trained(['inprocess']);
    await trainEach(cli, ['docker'], ['--seed', '7']);
    const what = `seed 42 (${FIRST}), 7 (${SECOND})`;
    expect(await messageOf(cli, FIRST, SECOND)).toEqual([
      'not-comparable',
      `These runs did not have the same to do: ${what}.`,
    ]);
    const { status, stdout } = await cli.run('compare', FIRST, SECOND, '--force');
    expect(status).toBe(0);
    expect(stdout.replaceAll(/\n {9}/g, ' ')).toContain(`note     Not the same to do: ${what}.\n`);
  });

  it('have failed or go on: left out when none is named, refused by name', async () => {
    let runs = 0;
    using cli = await trained(['inprocess', 'docker', 'docker'], {
      script: {
        train: () => Promise.resolve((runs += 1) === 3 ? failed({ reason: 'crashed' }) : trainerExit()),
      },
    });
    expect(idsOf((await cli.json('compare')) as unknown as Document)).toEqual({
      inprocess: [FIRST],
      docker: [SECOND],
    });
    expect(await messageOf(cli, FIRST, THIRD)).toEqual([
      'not-comparable',
      `Run ${THIRD} has not succeeded: failed (crashed).`,
    ]);
    reopen(cli, SECOND);
    expect(await messageOf(cli, FIRST, SECOND)).toEqual([
      'run-unfinished',
      `Run ${SECOND} is running: it has no outcome to compare.`,
    ]);
  });

  it('cannot be read: named they are refused, otherwise left out and told', async () => {
    using cli = await trained(['inprocess', 'docker', 'docker']);
    writeFileSync(join(dirOf(cli, THIRD), 'outcome.json'), '{"schemaVersion": 1, "mode"');
    const { status, stderr } = await cli.run('compare');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `1 run cannot be read and is left out: ${dirOf(cli, THIRD)}/outcome.json is no JSON: Unexpected end of JSON input. The directory is kept as it is; \`runner runs rm\` removes it.\n`,
    });
    expect((await messageOf(cli, FIRST, THIRD))[0]).toBe('run-corrupt');
  });

  it('have an evaluation that is none', async () => {
    using cli = await trained(['inprocess', 'docker']);
    const folder = join(dirOf(cli, FIRST), 'artifacts/eval');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'metrics.json'), '{"testLoss": 1, "testAccuracy": 0.5, "perClass": [7]}');
    const [code, message] = await messageOf(cli);
    expect(code).toBe('run-corrupt');
    expect(message).toContain('artifacts/eval/metrics.json does not fit its schema: perClass.0:');
  });
});

it('numbers that JSON cannot hold are strings in the document', async () => {
  const training = { ...TRAINED, finalLoss: 'NaN' as const };
  using cli = await trained(['inprocess', 'docker'], {
    script: { train: () => Promise.resolve(trainerExit({ training })) },
  });
  const { sides } = (await cli.json('compare')) as { sides: { figures: { loss: unknown } }[] };
  expect(sides[0]!.figures.loss).toEqual({ median: 'NaN', lowest: 'NaN', highest: 'NaN' });
  expect((await cli.run('compare')).stdout).not.toContain('undefined');
});
