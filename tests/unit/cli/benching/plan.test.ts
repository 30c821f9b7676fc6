import { describe, expect, it } from 'vitest';
import { estimateLeft } from '../../../../src/cli/benching/eta.js';
import { drawRounds } from '../../../../src/cli/benching/order.js';
import { createHalfWidths, isPreciseEnough, parsePrecision } from '../../../../src/cli/benching/precision.js';
import { trainArguments } from '../../../../src/cli/benching/settings.js';
import { parseSides } from '../../../../src/cli/benching/sides.js';

describe('--modes', () => {
  it('stand in the order of isolation, whatever order they were named in', () => {
    expect(parseSides('docker-warm, docker,inprocess')).toEqual([
      { name: 'inprocess', mode: 'inprocess', warm: false },
      { name: 'docker', mode: 'docker', warm: false },
      { name: 'docker-warm', mode: 'docker', warm: true },
    ]);
  });

  it('one mode against itself makes sides a, b, …', () => {
    expect(parseSides('process,process,process').map(({ name, mode }) => [name, mode])).toEqual([
      ['a', 'process'],
      ['b', 'process'],
      ['c', 'process'],
    ]);
  });

  it.each([
    ['inprocess', '--modes: there is nothing to hold inprocess against.'],
    ['', '--modes: there is no mode "".'],
    ['inprocess,', '--modes: there is no mode "".'],
    ['inprocess,dokcer', '--modes: there is no mode "dokcer"; did you mean docker.'],
    ['docker,docker,process', '--modes: docker is named twice beside another mode.'],
    [Array(9).fill('docker').join(','), '--modes: at most 8 sides, got 9.'],
  ])('%j is refused', (text, message) => {
    expect(() => parseSides(text)).toThrow(message);
  });
});

describe('the order within the rounds', () => {
  const NAMES = ['inprocess', 'process', 'docker'];

  it('is the same for the same seed, and another one for another', () => {
    expect(drawRounds(NAMES, 20, 7)).toEqual(drawRounds(NAMES, 20, 7));
    expect(drawRounds(NAMES, 20, 7)).not.toEqual(drawRounds(NAMES, 20, 8));
  });

  it('has every mode once a round, and every order about as often', () => {
    const rounds = drawRounds(NAMES, 6000, 1);
    const times = new Map<string, number>();
    for (const round of rounds) times.set(round.join(), (times.get(round.join()) ?? 0) + 1);
    expect([...times.keys()].map((order) => order.split(',').sort().join())).toEqual(
      Array(6).fill('docker,inprocess,process'),
    );
    // A thousand each; five standard deviations of a binomial are 144.
    for (const [order, count] of times) expect(Math.abs(count - 1000), order).toBeLessThan(144);
  });
});

describe('what is left', () => {
  it('is the median of each side for each of its runs to come', () => {
    const taken = new Map([
      ['inprocess', [1000, 1200, 9000]],
      ['docker', [3000]],
    ]);
    expect(estimateLeft(taken, ['docker', 'inprocess', 'inprocess'])).toBe(5400);
  });

  it('is that of all where a side has had none, and unknown before any has ended', () => {
    expect(estimateLeft(new Map([['inprocess', [1000, 3000]]]), ['docker'])).toBe(2000);
    expect(estimateLeft(new Map(), ['docker'])).toBeUndefined();
  });
});

describe('--precision', () => {
  it.each([
    ['2%', 0.02],
    ['0.5 %', 0.005],
    [' 10%', 0.1],
  ])('%j is a share', (text, share) => expect(parsePrecision(text)).toBeCloseTo(share, 12));

  it.each(['0%', '100%', '2', '-1%', 'narrow', ''])('%j is refused', (text) => {
    expect(() => parsePrecision(text)).toThrow('--precision: expected a percentage such as 2%');
  });

  it('a number without its unit is told so', () => {
    expect(() => parsePrecision('2')).toThrow(
      expect.objectContaining({ hint: 'Add the unit: --precision 2%.' }),
    );
  });

  it('is half the interval over the ratio, of the side where that is widest', () => {
    const halfWidth = createHalfWidths();
    const base = [100, 100, 100, 100, 100];
    expect(
      halfWidth(
        new Map([
          ['a', base],
          ['b', base],
        ]),
        'a',
      ),
    ).toBe(0);
    const spread = [98, 99, 100, 101, 102];
    expect(
      halfWidth(
        new Map([
          ['a', base],
          ['b', base],
          ['c', spread],
        ]),
        'a',
      ),
    ).toBeCloseTo(0.02, 12);
    expect(
      halfWidth(
        new Map([
          ['a', base.slice(3)],
          ['b', spread.slice(3)],
        ]),
        'a',
      ),
    ).toBeNull();
    expect(halfWidth(new Map([['a', base]]), 'a')).toBeNull();
  });

  it.each([
    [0.019, 8, 0.02, true],
    [0.019, 7, 0.02, false],
    [0.02, 9, 0.02, false],
    [null, 9, 0.02, false],
    [0.001, 9, null, false],
  ])('half a width of %s after %i rounds, where %s is asked for: %s', (halfWidth, rounds, asked, enough) => {
    expect(isPreciseEnough(halfWidth, rounds, asked)).toBe(enough);
  });
});

describe('the command line of a run', () => {
  const [inprocess, docker] = parseSides('inprocess,docker');
  const plan = {
    flags: { epochs: '1', memory: '2g', earlyStopping: false, gpu: true, dataDir: '/data', track: true },
    settings: { track: true },
    evaluate: true,
  } as const;
  const run = { key: 'bench/1/docker', runsDir: '/runs' };

  it('is what the bench was given, as far as the mode has it', () => {
    expect(trainArguments(plan, docker!, run)).toEqual([
      ...['train', '--mode', 'docker', '--key', 'bench/1/docker', '--runs-dir', '/runs', '--json', '--quiet'],
      ...['--epochs=1', '--no-early-stopping', '--gpu', '--memory=2g', '--data-dir=/data'],
      ...['--track', '--evaluate'],
    ]);
    expect(trainArguments(plan, inprocess!, run)).not.toContain('--memory=2g');
  });

  it('records nothing unless it is asked to', () => {
    const quiet = { ...plan, settings: { track: false }, evaluate: false };
    expect(trainArguments(quiet, inprocess!, run).slice(-1)).toEqual(['--no-track']);
  });
});
