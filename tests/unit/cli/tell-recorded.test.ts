import { describe, expect, it } from 'vitest';
import { notRecordedLine, recordedLine } from '../../../src/cli/tracking/tell-recorded.js';
import { ERRORS, RunnerError } from '../../../src/contract/errors.js';
import { TrackingFailure } from '../../../src/tracking/mlflow/failure.js';
import type { Recorded, Verified } from '../../../src/tracking/tracking.js';

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

  it('says what is to be done where more was known than the code says', () => {
    const error = new RunnerError('tracking-unreachable', 'It is so.', { hint: 'Check the address.' });
    expect(notRecordedLine(error)).toBe('Not recorded, kept on this machine: It is so. Check the address.');
  });

  it.each([
    ['refused', "The server's own words are in the message; `runner sync` tries again."],
    ['unclear', '`runner sync` sends it later.'],
  ] as const)('promises nothing where the server has said no for good: %s', (clarity, next) => {
    expect(notRecordedLine(new TrackingFailure('tracking-refused', 'It is so.', { clarity }))).toBe(
      `Not recorded, kept on this machine: It is so. ${next}`,
    );
  });
});

describe('the line of a run that was recorded', () => {
  const RECORDED: Recorded = {
    ...{ server: 'http://mlflow:5000', url: 'http://mlflow:5000/#/r', mlflowRunId: 'r', points: 43 },
    ...{ experiment: { id: '1', name: 'e' }, modelId: null, version: null, problem: null },
    artifacts: { sent: 0, sentBytes: 0, recorded: 12 },
  };
  const verified: Verified = { points: 50, pointsLacking: 0, artifacts: 12, artifactBytes: 2_500_000 };

  it('says what the server holds', () => {
    expect(recordedLine(RECORDED)).toBe('http://mlflow:5000/#/r (43 points, 12 artifacts)');
  });

  it('says what was verified, where that was asked for', () => {
    expect(recordedLine({ ...RECORDED, verified })).toBe(
      'http://mlflow:5000/#/r (43 points, 12 artifacts; verified: 43 points and 7 final figures, 12 artifacts read back, 2.5 MB)',
    );
    expect(recordedLine({ ...RECORDED, verified: { ...verified, pointsLacking: 3 } })).toBe(
      'http://mlflow:5000/#/r (43 points, 12 artifacts; verified: 43 points and 7 final figures, 3 of them sent again as they were lacking, 12 artifacts read back, 2.5 MB)',
    );
  });
});
