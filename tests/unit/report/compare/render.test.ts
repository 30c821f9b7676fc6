import { describe, expect, it } from 'vitest';
import { renderCsv } from '../../../../src/report/compare/render-csv.js';
import { renderMarkdown } from '../../../../src/report/compare/render-markdown.js';
import { renderTerminal } from '../../../../src/report/compare/render-terminal.js';
import { createReport } from '../../../../src/report/compare/report.js';
import { comparedRun, EVALUATION, rounds } from './runs.js';

const THROUGHPUTS = {
  inprocess: [7682, 7579, 7776, 7640, 7701],
  process: [7600, 7590, 7700, 7610, 7720],
  docker: [7224, 7320, 7260, 7295, 7250],
};
const repeated = () => createReport(rounds(['inprocess', 'docker'], THROUGHPUTS), { force: false });
const single = () =>
  createReport([comparedRun('inprocess', 0), comparedRun('docker', 1, { imagesPerSecond: 7600 })], {
    force: false,
  });
/** What a run, a data set or a machine could bring in. */
const hostile = () => {
  const name = '<script>|`x`\u001b[2J\n# =1+1,"q"';
  const evaluation = {
    ...EVALUATION,
    perClass: [{ className: name, precision: 1, recall: 1, f1: 1, support: 1 }],
  };
  const phases = { train: 10, [name]: 5 };
  return createReport(
    [
      comparedRun('inprocess', 0, { evaluation, host: name, phases, training: { weightsDigest: name } }),
      comparedRun('docker', 1, { host: 'b', phases }),
    ],
    { force: false },
  );
};

describe('the report for a terminal', () => {
  it('answers first, and is readable at 80 columns without colour', () => {
    const text = renderTerminal(repeated(), { colour: false });
    expect(text).toBe(REPEATED);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('of three modes holds each against the first', () => {
    const report = createReport(rounds(['inprocess', 'process', 'docker'], THROUGHPUTS), { force: false });
    const lines = renderTerminal(report, { colour: false }).split('\n');
    expect(
      lines.filter((line) => line.startsWith('MEDIANS')).map((line) => line.split(/ {2,}/).slice(1, 3)),
    ).toEqual([
      ['inprocess', 'process'],
      ['inprocess', 'docker'],
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each([2, 6, 7, 60])(
    'of %d runs of one mode is readable at 80 columns, too, and says which are left out',
    (count) => {
      const runs = Array.from({ length: count }, (_, index) =>
        comparedRun('docker', index, { wallMs: 3_725_000 }),
      );
      const lines = renderTerminal(createReport(runs, { force: false }), { colour: false }).split('\n');
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      const phases = lines.filter((line) => line.startsWith('TIME BY PHASE')).join(' ');
      expect(phases.match(/run\d+\b(?!, training)/g)).toEqual(
        ['run1', 'run2', 'run3', 'run4', 'run5', 'run6'].slice(0, count),
      );
      expect(lines.filter((line) => line.includes('left out here'))).toEqual(
        count <= 6
          ? []
          : [
              `note     ${count === 7 ? '1 further side is' : '54 further sides are'} left out here; --format json has all.`,
            ],
      );
    },
  );

  it('of every mode there is, with figures of many digits, is readable at 80 columns', () => {
    const warm = { phases: { startup: 200, train: 1000 } };
    const runs = [0, 1, 2].flatMap((round) => [
      comparedRun('inprocess', 4 * round, { imagesPerSecond: 987_654 + round }),
      comparedRun('process', 4 * round + 1, { imagesPerSecond: 1234 + round }),
      comparedRun('docker', 4 * round + 2, { imagesPerSecond: 876_543 - 1000 * round }),
      comparedRun('docker', 4 * round + 3, { ...warm, imagesPerSecond: 432_109 }),
    ]);
    const text = renderTerminal(createReport(runs, { force: false }), { colour: false });
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain('throughput, images/s');
  });

  it('without repeats gives no interval, and says that noise cannot be told', () => {
    const text = renderTerminal(single(), { colour: false });
    expect(text).toContain('FIGURES                inprocess  docker  CHANGE   RATIO\n');
    expect(text).toContain('throughput, images/s       7,700   7,600    −100   0.987\n');
    expect(text).toContain(
      'note     What is noise cannot be told from 1 run a side: 3 or more give\n         intervals.',
    );
  });

  it('shows what is worse in red and what is better in green, where it is more than noise', () => {
    const lines = renderTerminal(repeated(), { colour: true }).split('\n');
    const colourOf = (label: string) =>
      /\u001B\[(\d+)m/.exec(lines.find((line) => line.includes(label))!)?.[1];
    expect(['throughput, images/s', 'CPU of runner, s', 'artifacts, MB', 'MEDIANS'].map(colourOf)).toEqual([
      '31',
      '32',
      undefined,
      '1',
    ]);
  });

  it('shows the recall by class where it is not the same', () => {
    const worse = {
      ...EVALUATION,
      perClass: EVALUATION.perClass.map((figures) => ({ ...figures, recall: figures.recall - 0.01 })),
    };
    const runs = [comparedRun('inprocess', 0), comparedRun('docker', 1, { evaluation: worse })];
    expect(renderTerminal(createReport(runs, { force: false }), { colour: false })).toContain(`
RECALL, %  inprocess   docker
0            99.39 %  98.39 %
1            99.74 %  98.74 %
`);
  });

  it('is loud where the weights differ', () => {
    const other = { weightsDigest: `sha256:${'9'.repeat(64)}` };
    const runs = [comparedRun('inprocess', 0), comparedRun('docker', 1, { training: other })];
    expect(renderTerminal(createReport(runs, { force: false }), { colour: true })).toContain(
      '\u001B[31mweights  DIFFERENT: sha256:1a2b3c4d1a2b, sha256:999999999999\u001B[0m',
    );
  });

  it('lets no text of others do anything to the terminal', () => {
    expect(renderTerminal(hostile(), { colour: false })).not.toMatch(/\u001b/);
  });
});

describe('the report as Markdown', () => {
  it('has every figure as a table', () => {
    const text = renderMarkdown(single());
    expect(text).toMatch(
      /^## inprocess, docker\n\nmnist-cnn, 2 epochs, batch 128, seed 42, 2 threads\n\nA container costs /,
    );
    expect(text).toContain(`### docker against inprocess

| figures               | inprocess | docker | change | ratio  |
| --------------------- | --------- | ------ | ------ | ------ |
| throughput, images/s  | 7,700     | 7,600  | −100   | 0.987  |
`);
    expect(text).toContain(`### By class

| class | images | every run: precision, recall, F1 |
| ----- | ------ | -------------------------------- |
| 0     | 980    | 98.68 %, 99.39 %, 99.03 %        |
| 1     | 1135   | 98.95 %, 99.74 %, 99.34 %        |
`);
  });

  it('has no markup but its own', () => {
    const text = renderMarkdown(hostile());
    expect(text).toContain('&lt;script&gt;\\|\\`x\\` \\[2J \\# =1+1,"q"');
    expect(text).not.toMatch(/<script|\u001b/);
    const rows = text.split('\n').filter((line) => line.startsWith('| &lt;script'));
    expect(rows.map((row) => row.split(/(?<!\\)\|/).length)).toEqual([5, 6]);
  });
});

describe('the report as CSV', () => {
  it('has a row a side and figure, and one a side and phase', () => {
    const lines = renderCsv(repeated()).split('\n');
    expect(lines[0]).toBe(
      'side,figure,unit,runs,median,lowest,highest,against,difference,ratio,ratio_low,ratio_high,more_than_noise',
    );
    expect(lines[1]).toBe('inprocess,imagesPerSecond,images/s,5,7682,7579,7776,,,,,,');
    expect(lines.filter((line) => line.startsWith('docker,imagesPerSecond'))).toEqual([
      'docker,imagesPerSecond,images/s,5,7260,7224,7320,inprocess,-422,0.945066388961208,0.933641975308642,0.9658266262039847,true',
    ]);
    expect(lines).toContain('docker,phaseSeconds.create,s,5,0.02,,,,,,,,');
    expect(new Set(lines.map((line) => line.split(',').length))).toEqual(new Set([13]));
  });

  it('quotes what needs it, and begins no cell as a formula', () => {
    const text = renderCsv(hostile());
    expect(text).toContain('inprocess,"phaseSeconds.<script>|`x`\u001b[2J\n# =1+1,""q""",s,1,0.005,');
    expect(text).not.toMatch(/(^|,)"?[=@]/m);
  });
});

const REPEATED = `inprocess (5 runs), docker (5 runs): mnist-cnn, 2 epochs, batch 128, seed 42, 2
threads

A container costs 965 ms a run more than inprocess, however long the run: here
5.7 % of 16.9 s. The throughput is lower by more than noise (0.945 times, 95 %
interval 0.934–0.966), so the cost grows with the run by 5.8 % of its training:
it never costs less than 1 %. The runner’s own process took 88.0 MB and 0.90 s
of CPU instead of 611 MB and 29.5 s.

weights  the same in every run, to the bit (sha256:1a2b3c4d1a2b)
quality  the same: loss 0.0369 nats, accuracy 98.76 % on the test images, and in
         each of 2 classes
runs     inprocess  20260301-140500-aaaaaa to 20260301-140508-aaaaaa
         docker     20260301-140501-aaaaaa to 20260301-140509-aaaaaa

MEDIANS                inprocess  docker  CHANGE   RATIO  95 % OF RATIO  NOISE?
throughput, images/s       7,682   7,260    −422   0.945    0.934–0.966    more
time in all, s              16.9    18.0   +1.07    1.06      1.06–1.06    more
training, s                 15.5    15.6   +0.10    1.01      1.01–1.01    more
beside training, s          1.39    2.35   +0.96    1.69      1.68–1.70    more
set-up, once, s             0.01    0.01   +0.01    3.00      3.00–3.00    more
to the first step, s        1.20    1.81   +0.61    1.51      1.51–1.51    more
CPU in all, s               29.5    29.5       0    1.00      1.00–1.00  within
CPU of runner, s            29.5    0.90   −28.6  0.0305  0.0305–0.0305    more
memory of trainer, MB        611     649   +38.0    1.06      1.06–1.06    more
memory of runner, MB         611    88.0    −523   0.144    0.144–0.144    more
image, MB                      –     759       –       –              –       –
artifacts, MB                2.2     2.2       0    1.00      1.00–1.00  within
disk read, MB                  –     0.0       –       –              –       –
disk written, MB               –    84.0       –       –              –       –
network in, MB                 –     0.0       –       –              –       –
network out, MB                –     0.0       –       –              –       –

TIME BY PHASE   inprocess  docker  docker, training cut short
startup            200 ms  200 ms  ███▌
connect                 –  100 ms     █▊
digest                  –   80 ms       █▍
provision            5 ms    5 ms        ▏
image                   –   10 ms        ▏
create                  –   20 ms        ▍
fill                    –  210 ms         ███▊
start                   –   85 ms             █▌
trainerStartup          –  190 ms              ███▍
data                80 ms   80 ms                 █▍
engine             380 ms  460 ms                   ████████▏
trace              400 ms  400 ms                           ███████▏
train              15.5 s  15.6 s                                  ╌╌
save               280 ms  300 ms                                    █████▍
collect                 –  140 ms                                         ██▌
remove                  –   40 ms                                            ▊
rest                50 ms   50 ms                                             ▉`;
