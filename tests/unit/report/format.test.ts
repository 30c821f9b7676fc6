import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatLoss,
  formatShare,
  shortDigest,
  table,
} from '../../../src/report/format.js';
import { printable } from '../../../src/report/printable.js';

describe('figures', () => {
  it.each([
    [formatLoss, 0.05214, '0.0521'],
    [formatLoss, 2.302585, '2.3026'],
    [formatLoss, 0, '0.0000'],
    [formatLoss, 0.00005, '0.0001'],
    [formatLoss, 5.2e-7, '5.2e-7'],
    [formatShare, 0.98414, '98.41 %'],
    [formatShare, 1, '100.00 %'],
    [formatCount, 13_842.4, '13,842'],
    [formatCount, 999.6, '1,000'],
    [formatBytes, 611_900_000, '612 MB'],
    [formatBytes, 9_940_000, '9.9 MB'],
    [formatBytes, 999_500, '1.0 MB'],
    [formatBytes, 999_499, '999 kB'],
    [formatBytes, 4_210, '4.2 kB'],
    [formatBytes, 17, '17 bytes'],
    [formatDuration, 0, '0 ms'],
    [formatDuration, 999.4, '999 ms'],
    [formatDuration, 999.5, '1.0 s'],
    [formatDuration, 59_949, '59.9 s'],
    [formatDuration, 59_950, '1 min 00 s'],
    [formatDuration, 725_000, '12 min 05 s'],
    [formatDuration, 3_599_499, '59 min 59 s'],
    [formatDuration, 3_599_500, '1 h 00 min'],
    [formatDuration, 7_380_000, '2 h 03 min'],
  ])('%o of %d is %s', (format: (value: number) => string, value, text) => {
    expect(format(value)).toBe(text);
  });

  it('that are not known are a dash, those that are no numbers are named', () => {
    for (const format of [formatLoss, formatShare, formatCount, formatBytes, formatDuration]) {
      expect([format(null), format(undefined)]).toEqual(['–', '–']);
      expect([format('NaN'), format(Infinity), format('-Infinity')]).toEqual([
        'NaN',
        'Infinity',
        '-Infinity',
      ]);
    }
  });

  it.each([
    [0, '0:00'],
    [-5, '0:00'],
    [41_400, '0:41'],
    [754_000, '12:34'],
    [3_599_600, '1:00:00'],
    [3_723_000, '1:02:03'],
  ])('%d ms are left: %s', (ms, text) => expect(formatClock(ms)).toBe(text));

  it('digests are short enough to compare by eye', () => {
    expect(shortDigest(`sha256:${'1a2b3c4d'.repeat(8)}`)).toBe('sha256:1a2b3c4d1a2b');
    expect(shortDigest(null)).toBe('–');
  });
});

describe('a table', () => {
  it('aligns its columns and leaves no blanks at the end', () => {
    expect(
      table([
        ['RUN', 'STATE'],
        ['a', 'succeeded'],
        ['abcd', ''],
      ]),
    ).toBe('RUN   STATE\na     succeeded\nabcd');
  });

  it('lets a row end early with a sentence that is longer than the column', () => {
    expect(
      table([
        ['RUN', 'STATE', 'JOB'],
        ['a', 'this run cannot be read'],
        ['b', 'lost', 'x'],
      ]),
    ).toBe('RUN  STATE  JOB\na    this run cannot be read\nb    lost   x');
  });

  it('of numbers is aligned at the right', () => {
    expect(
      table(
        [
          ['', '0', '10'],
          ['0', '1,200', '3'],
        ],
        { numeric: true },
      ),
    ).toBe('       0  10\n0  1,200   3');
  });

  it('of nothing is nothing', () => expect(table([])).toBe(''));
});

describe('text for a terminal', () => {
  it('keeps letters of every script, tabs and line feeds', () => {
    expect(printable('Grüße\t日本語 🙂\nok')).toBe('Grüße\t日本語 🙂\nok');
  });

  it('shows control characters instead of obeying them', () => {
    expect(printable('\u001b[31mred\u001b[0m\r\u0007\u0000\u007f\u009b2J')).toBe(
      '\\u001b[31mred\\u001b[0m\\u000d\\u0007\\u0000\\u007f\\u009b2J',
    );
  });
});
