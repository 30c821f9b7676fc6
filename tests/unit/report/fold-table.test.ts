import { describe, expect, it } from 'vitest';
import { foldTable } from '../../../src/report/fold-table.js';

const ROWS = [
  ['PHASE', 'run1', 'run2', 'run3'],
  ['start', '20 ms', '1.0 s', '3 ms'],
];

describe('a table that is folded', () => {
  it('is one table where all columns fit', () => {
    expect(foldTable(ROWS, 25)).toEqual(['PHASE   run1   run2  run3\nstart  20 ms  1.0 s  3 ms']);
  });

  it('has its first column again where the others do not fit beside each other', () => {
    expect(foldTable(ROWS, 24)).toEqual([
      'PHASE   run1   run2\nstart  20 ms  1.0 s',
      'PHASE  run3\nstart  3 ms',
    ]);
  });

  it('has one column in each block at least, however narrow it is to be', () => {
    expect(foldTable(ROWS, 1)).toHaveLength(3);
  });
});
