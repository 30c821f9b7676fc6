import { describe, expect, it } from 'vitest';
import { ERRORS, EXIT, RunnerError, type ErrorCode } from '../../../src/contract/errors.js';
import type { ErrorEntry } from '../../../src/contract/exit-status.js';
import { reasonOfError } from '../../../src/contract/reason.js';
import { RUN_REASONS } from '../../../src/contract/run-outcome.js';
import { runRequestSchema } from '../../../src/contract/run-request.js';
import { limitsSchema, runSpecSchema } from '../../../src/contract/run-spec.js';
import { trainerPlanSchema } from '../../../src/contract/trainer-program.js';
import { SPEC } from '../orchestrator/specs.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('the table of errors', () => {
  it.each(CODES)('%s has an exit status of its own kind and a hint', (code) => {
    const { exitCode, hint } = new RunnerError(code, 'x');
    expect(Object.values(EXIT)).toContain(exitCode);
    expect(exitCode).toBeGreaterThan(0);
    expect(exitCode).not.toBe(99);
    expect(hint).toMatch(/^\S.*[.:]$/);
  });

  it.each(CODES)('%s has another hint only where that says something else', (code) => {
    const { hint, hints = {} }: ErrorEntry = ERRORS[code];
    for (const other of Object.values(hints)) {
      expect(other).toMatch(/^\S.*[.:]$/);
      expect(other).not.toBe(hint);
      expect(other).not.toMatch(/runner sync/);
    }
  });

  it('has its hints for a situation only for who has no better one', () => {
    const [plain, better] = [undefined, 'Look.'].map(
      (hint) => new RunnerError('tracking-refused', 'x', hint === undefined ? {} : { hint }),
    );
    expect(plain?.hintFor('reading')).toBe("The server's own words are in the message.");
    expect(plain?.hintFor('doctor')).toBe(ERRORS['tracking-refused'].hint);
    expect(better?.hintFor('reading')).toBe('Look.');
    expect([plain?.hasOwnHint, better?.hasOwnHint]).toEqual([false, true]);
  });

  it.each(CODES)('%s is one of the closed list of reasons', (code) => {
    expect(RUN_REASONS).toContain(reasonOfError(code));
  });

  it('a reason that is a code is the reason of that code', () => {
    const named = RUN_REASONS.filter((reason) => reason in ERRORS);
    expect(named.map((reason) => reasonOfError(reason as ErrorCode))).toEqual(
      named.map((reason) => expected(reason)),
    );
  });
});

/** To be cancelled is no failure. */
const expected = (reason: string): string => (reason === 'interrupted' ? 'exception' : reason);

describe('a spec', () => {
  it('may go without limits and container, as those of earlier versions do', () => {
    expect(runSpecSchema.parse(SPEC)).toEqual(SPEC);
  });

  it.each([
    { limits: { timeoutMs: 1, memoryBytes: 1, cpus: 0.5, pids: 1, shmBytes: 1 } },
    { limits: {} },
    { container: { image: 'x' } },
    { container: { image: 'x', gpu: { devices: 'all', prefer: false } } },
    { container: { image: 'x', gpu: { devices: 2, prefer: true } } },
    { container: { image: 'x', gpu: { devices: ['0', 'GPU-1'], prefer: true } } },
  ])('takes %j', (more) => expect(runSpecSchema.parse({ ...SPEC, ...more })).toEqual({ ...SPEC, ...more }));

  it.each([
    { limits: { timeoutMs: 0 } },
    { limits: { timeoutMs: 1.5 } },
    { limits: { memoryBytes: -1 } },
    { limits: { cpus: 0 } },
    { limits: { pids: 0 } },
    { limits: { swapBytes: 1 } },
    { container: {} },
    { container: { image: '' } },
    { container: { image: 'x', gpu: { devices: 0, prefer: false } } },
    { container: { image: 'x', gpu: { devices: [], prefer: false } } },
    { container: { image: 'x', gpu: { devices: [''], prefer: false } } },
    { container: { image: 'x', gpu: { devices: 'some', prefer: false } } },
    { container: { image: 'x', privileged: true } },
  ])('refuses %j', (more) => expect(runSpecSchema.safeParse({ ...SPEC, ...more }).success).toBe(false));

  it('knows no infinite limit', () => {
    expect(limitsSchema.safeParse({ cpus: Infinity }).success).toBe(false);
    expect(limitsSchema.safeParse({ cpus: NaN }).success).toBe(false);
  });
});

describe('a plan', () => {
  const PLAN = { schemaVersion: 1, runId: 'x', spec: SPEC, evaluate: true, dataDir: '/in/data' };

  it('is taken as it is', () => expect(trainerPlanSchema.parse(PLAN)).toEqual(PLAN));

  it.each([{ schemaVersion: 2 }, { runId: '' }, { evaluate: 'yes' }, { dataDir: '' }, { command: 'rm' }])(
    'is refused with %j',
    (more) => expect(trainerPlanSchema.safeParse({ ...PLAN, ...more }).success).toBe(false),
  );
});

it('a key is some text, of 200 characters at most', () => {
  const keyed = (key: string) => runRequestSchema.safeParse({ evaluate: true, startedAt: 0, key }).success;
  expect(['', 'a', 'x'.repeat(200), 'x'.repeat(201)].map(keyed)).toEqual([false, true, true, false]);
});
