import { describe, expect, it } from 'vitest';
import { notRecordedLine } from '../../../src/cli/tracking/tell-recorded.js';
import { ERRORS, RunnerError } from '../../../src/contract/errors.js';

describe('the line of a run that was not recorded', () => {
  it.each(['tracking-unreachable', 'tracking-busy', 'tracking-incomplete', 'internal'] as const)(
    'promises that it is sent later where that will do: %s',
    (code) => {
      expect(notRecordedLine(new RunnerError(code, 'It is so.'))).toBe(
        'Not recorded, kept on this machine: It is so. `runner sync` sends it later.',
      );
    },
  );

  it.each(['run-deleted', 'bad-credentials', 'tracking-conflict', 'experiment-deleted'] as const)(
    'says what is to be done where it will not: %s',
    (code) => {
      expect(notRecordedLine(new RunnerError(code, 'It is so.'))).toBe(
        `Not recorded, kept on this machine: It is so. ${ERRORS[code].hint}`,
      );
    },
  );
});
