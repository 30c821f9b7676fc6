import { describe, expect, it } from 'vitest';
import { benchReporter } from '../../../../src/cli/benching/reporter.js';
import type { BenchReporter, ReportedRun } from '../../../../src/cli/benching/reporter.js';
import { screen } from '../progress/terminal.js';

const ENDED: ReportedRun = {
  run: {
    round: 3,
    side: 'docker',
    verdict: 'measured',
    status: 'succeeded',
    figure: 13_842.4,
    message: null,
  },
  ...{ rounds: 10, figure: 'imagesPerSecond', seconds: 6.1, halfWidth: 0.0182 },
};

function watch(reporter: BenchReporter): void {
  reporter.onBegin({ round: 0, rounds: 10, side: 'inprocess', leftMs: undefined });
  reporter.onEnd({ ...ENDED, run: { ...ENDED.run, round: 0, side: 'inprocess' }, halfWidth: null });
  reporter.onBegin({ round: 3, rounds: 10, side: 'docker', leftMs: 252_000 });
  reporter.onEnd(ENDED);
}

describe('a bench', () => {
  it('leaves a line for each run on a terminal, and shows the one that goes on', () => {
    const { terminal, lines } = screen(80);
    const reporter = benchReporter(terminal, {});
    watch(reporter);
    const done = [
      'warm-up  inprocess  13,842 images/s  6.1 s',
      'round  3/10  docker  13,842 images/s  6.1 s  interval ±1.8 %',
    ];
    expect(lines()).toEqual([...done, '']);
    reporter.onBegin({ round: 4, rounds: 10, side: 'inprocess', leftMs: 241_000 });
    expect(lines()).toEqual([...done, 'round  4/10  inprocess  ETA 4:01']);
    reporter.finish();
    expect(lines()).toEqual([...done, '']);
  });

  it('writes the same lines to a pipe', () => {
    const written: string[] = [];
    watch(benchReporter({ write: (text) => written.push(String(text)) > 0 }, {}));
    expect(written).toEqual([
      'warm-up  inprocess  13,842 images/s  6.1 s\n',
      'round  3/10  docker  13,842 images/s  6.1 s  interval ±1.8 %\n',
    ]);
  });

  it.each([
    [60, 'round  3/10  docker  13,842 images/s  interval ±1.8 %'],
    [50, 'round  3/10  docker  13,842 images/s'],
    [30, 'round  3/10  docker'],
  ])('of %i columns it never wraps: what is wanted least goes first', (columns, line) => {
    const { terminal, lines } = screen(columns);
    benchReporter(terminal, {}).onEnd(ENDED);
    expect(lines()).toEqual([line, '']);
  });

  it('tells what became of a run that does not count, and obeys nothing in it', () => {
    const { terminal, lines } = screen(100);
    const reporter = benchReporter(terminal, {});
    const message = 'Its memory\nwas used up \u001b[2J.';
    reporter.onEnd({ ...ENDED, run: { ...ENDED.run, verdict: 'failed', status: 'failed', message } });
    reporter.onEnd({ ...ENDED, run: { ...ENDED.run, verdict: 'failed', status: null, message: null } });
    reporter.onEnd({ ...ENDED, run: { ...ENDED.run, verdict: 'set-aside', message: null } });
    expect(lines()).toEqual([
      'round  3/10  docker  failed  Its memory was used up \\u001b[2J.',
      'round  3/10  docker  failed',
      'round  3/10  docker  set aside',
      '',
    ]);
  });
});
