import { describe, expect, it } from 'vitest';
import { notRecordedLine, recordedLine } from '../../../src/cli/tracking/tell-recorded.js';
import { ERRORS, RunnerError } from '../../../src/contract/errors.js';
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
});

describe('the line of a run that was recorded', () => {
  const RECORDED: Recorded = {
    ...{ server: 'http://mlflow:5000', url: 'http://mlflow:5000/#/r', mlflowRunId: 'r', points: 43 },
    ...{ experiment: { id: '1', name: 'e' }, modelId: null, version: null, problem: null },
    artifacts: { sent: 0, sentBytes: 0, recorded: 12 },
  };
  const verified: Verified = { points: 43, pointsLacking: 0, artifacts: 12, artifactBytes: 2_500_000 };

  it('says what the server holds', () => {
    expect(recordedLine(RECORDED)).toBe('http://mlflow:5000/#/r (43 points, 12 artifacts)');
  });

  it('says what was verified, where that was asked for', () => {
    expect(recordedLine({ ...RECORDED, verified })).toBe(
      'http://mlflow:5000/#/r (43 points, 12 artifacts; verified: 43 points, 12 artifacts read back, 2.5 MB)',
    );
    expect(recordedLine({ ...RECORDED, verified: { ...verified, pointsLacking: 3 } })).toBe(
      'http://mlflow:5000/#/r (43 points, 12 artifacts; verified: 43 points, 3 of them sent again as they were lacking, 12 artifacts read back, 2.5 MB)',
    );
  });
});
