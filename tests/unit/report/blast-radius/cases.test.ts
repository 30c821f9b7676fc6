import { describe, expect, it } from 'vitest';
import { FAULTS } from '../../../../src/contract/blast-radius.js';
import { judge } from '../../../../src/report/blast-radius/cases.js';
import { CATALOGUE } from '../../../../src/report/blast-radius/catalogue.js';
import { CALM, DEAD, failed } from './observations.js';

describe('what an observation comes to', () => {
  it('is contained when nothing but the faulty run came to harm, and that was told', () => {
    expect(judge('segfault', failed('crashed'))).toEqual({
      ...{ runner: 'survived', other: 'unhurt', toldRightly: true, reached: null, leftBehind: false },
      contained: true,
    });
  });

  it('is not when the runner died, and with it the other run and the reason', () => {
    expect(judge('segfault', DEAD)).toEqual({
      ...{ runner: 'died', other: 'lost', toldRightly: false, reached: null, leftBehind: false },
      contained: false,
    });
  });

  it('is not when another reason was told, or success of a fault that is a failure', () => {
    expect(judge('memory', failed('killed'))).toMatchObject({ toldRightly: false, contained: false });
    expect(judge('log-flood', CALM)).toMatchObject({ toldRightly: false, contained: false });
  });

  it('takes the runner’s own error where there is no outcome: the disk that is full has no room for one', () => {
    const seen = { ...CALM, outcome: null, error: 'disk-full' };
    expect(judge('disk-fill', seen)).toMatchObject({ toldRightly: true });
    expect(judge('heap', seen)).toMatchObject({ toldRightly: false });
  });

  it('asks for no reason where the run may well succeed, but for its success', () => {
    expect(judge('orphan', CALM)).toMatchObject({ toldRightly: null, contained: true });
    expect(judge('orphan', failed('crashed'))).toMatchObject({ toldRightly: false, contained: false });
    // It may well miss what it has used up.
    expect(judge('fork-bomb', failed('crashed'))).toMatchObject({ toldRightly: null, contained: true });
  });

  it('is not when something was reached, or is left and goes on', () => {
    expect(judge('read-file', { ...CALM, reached: true })).toMatchObject({ contained: false });
    for (const left of [{ processes: 1 }, { containers: 1 }, { volumes: 1 }]) {
      expect(judge('orphan', { ...CALM, left: { ...CALM.left, ...left } })).toMatchObject({
        ...{ leftBehind: true, contained: false },
      });
    }
  });

  it('has hurt a run that stood still, that has failed, or that has no outcome', () => {
    const other = (bystander: Partial<typeof CALM.bystander>) =>
      judge('orphan', { ...CALM, bystander: { ...CALM.bystander, ...bystander } }).other;
    expect(other({ longestPauseMs: 2999 })).toBe('unhurt');
    expect(other({ longestPauseMs: 3001 })).toBe('paused');
    expect(other({ status: 'failed', reason: 'disk-full' })).toBe('lost');
    expect(other({ status: null })).toBe('lost');
  });
});

it('every fault is described', () => {
  expect(Object.keys(CATALOGUE)).toEqual([...FAULTS]);
});
