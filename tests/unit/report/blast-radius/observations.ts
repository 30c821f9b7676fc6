import type { Fault } from '../../../../src/contract/blast-radius.js';
import type { RunMode } from '../../../../src/contract/run-spec.js';
import type { BlastCase, BlastRadius, Observation } from '../../../../src/report/blast-radius/cases.js';

/** Nothing but the faulty run came to harm. */
export const CALM: Observation = {
  runner: { end: 'survived', exitCode: 0, signal: null },
  bystander: { status: 'cancelled', reason: 'interrupted', longestPauseMs: 300 },
  outcome: { status: 'succeeded', reason: null, message: null },
  ...{ error: null, reached: null },
  left: { processes: 0, containers: 0, volumes: 0, diskBytes: 20_000, printedBytes: 200 },
  backMs: 1200,
};

/** The fault took the runner with it. */
export const DEAD: Observation = {
  ...CALM,
  runner: { end: 'died', exitCode: null, signal: 'SIGSEGV' },
  bystander: { status: null, reason: null, longestPauseMs: null },
  outcome: null,
  backMs: null,
};

export const failed = (reason: NonNullable<NonNullable<Observation['outcome']>['reason']>): Observation => ({
  ...CALM,
  outcome: { status: 'failed', reason, message: 'It is so.' },
});

export const seen = (fault: Fault, mode: RunMode, observation: Observation): BlastCase => ({
  ...{ fault, mode, notRun: null, seen: observation },
});

export const RESULT: BlastRadius = {
  schemaVersion: 1,
  takenAt: Date.UTC(2026, 2, 1, 14, 5),
  machine: { platform: 'linux-x64', cpus: 2, memoryBytes: 24e9, node: '22.1.0' },
  bounds: ['Each fault ends by itself.'],
  cases: [
    seen('segfault', 'inprocess', DEAD),
    seen('segfault', 'docker', failed('crashed')),
    { fault: 'memory', mode: 'inprocess', notRun: 'nothing here would bound its memory: it has no | groups' },
    seen('memory', 'docker', failed('out-of-memory')),
    seen('orphan', 'inprocess', { ...CALM, left: { ...CALM.left, processes: 1 } }),
    seen('orphan', 'docker', CALM),
    seen('read-file', 'inprocess', { ...CALM, reached: true }),
    seen('read-file', 'docker', { ...CALM, reached: false }),
    seen('log-flood', 'inprocess', { ...CALM, left: { ...CALM.left, printedBytes: 1.04e9 } }),
    seen('log-flood', 'docker', {
      ...failed('log-flood'),
      left: { ...CALM.left, diskBytes: 67e6 },
      bystander: { ...CALM.bystander, longestPauseMs: 4200 },
    }),
  ],
};
