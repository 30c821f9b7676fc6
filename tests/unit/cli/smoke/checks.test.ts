/** What a smoke test asserts: each check, with what makes it fail. */
import { expect, describe, it } from 'vitest';
import {
  checkDaemon,
  checkFiles,
  checkProcesses,
  checkRun,
  checkTracking,
  checkWeights,
} from '../../../../src/cli/smoke/checks.js';
import type { SmokeRun } from '../../../../src/cli/smoke/checks.js';
import { checkLine, renderSummary } from '../../../../src/cli/smoke/summary.js';
import type { RunMode } from '../../../../src/contract/run-spec.js';
import { createReport } from '../../../../src/report/compare/report.js';
import { comparedRun, DIGEST } from '../../report/compare/runs.js';
import type { RunParts } from '../../report/compare/runs.js';

const OTHER = `sha256:${'5e6f7a8b'.repeat(8)}`;

function smokeRun(mode: RunMode, parts: RunParts = {}, changed: Partial<SmokeRun> = {}): SmokeRun {
  const run = comparedRun(mode, mode === 'inprocess' ? 0 : 1, parts);
  const nothing = { message: undefined, hint: undefined, tracking: undefined };
  return { side: mode, runId: run.runId, run, ...nothing, ...changed };
}
const NO_RUN = { runId: undefined, run: undefined } as const;
const failedWith = (reason: string): RunParts => ({ outcome: { status: 'failed', message: reason } });

describe('a run', () => {
  it('that succeeded is told with what it did', () => {
    const parts = {
      wallMs: 2345,
      training: { epochsCompleted: 1, testAccuracy: 0.912 },
    };
    expect(checkLine(checkRun(smokeRun('process', parts)))).toBe(
      'ok        process          60,000 images, 1 epoch in 2.3 s, test accuracy 91.2 %',
    );
  });

  it('that failed says why, and what to do', () => {
    expect(checkRun(smokeRun('docker', failedWith('The trainer was ended by SIGSEGV.')))).toEqual({
      ...{ name: 'docker', state: 'failed', text: 'The trainer was ended by SIGSEGV.' },
      hint: 'Keep the run with --runs-dir: its trainer.log and events.ndjson say more.',
    });
  });

  it('that there was none of has the words of its process, in one line', () => {
    const told = { ...NO_RUN, message: 'It ended with SIGKILL: out of\nmemory', hint: 'Add memory.' };
    expect(checkLine(checkRun(smokeRun('process', {}, told)))).toBe(
      'failed    process          It ended with SIGKILL: out of memory Add memory.',
    );
  });
});

describe('weights', () => {
  it('that are the same pass', () => {
    expect(checkWeights([smokeRun('inprocess'), smokeRun('process')])).toMatchObject({
      ...{ state: 'ok', text: 'the same in every run, to the bit: sha256:1a2b3c4d1a2b' },
    });
  });

  it('that differ fail, with the digest of each mode', () => {
    const other = smokeRun('docker', { training: { weightsDigest: OTHER } });
    expect(checkWeights([smokeRun('inprocess'), smokeRun('process'), other])).toMatchObject({
      state: 'failed',
      text: 'Not the same: inprocess sha256:1a2b3c4d1a2b, process sha256:1a2b3c4d1a2b, docker sha256:5e6f7a8b5e6f.',
    });
  });

  it.each([
    ['no run', [], 'There are no two runs that have succeeded.'],
    [
      'one that succeeded',
      [smokeRun('inprocess'), smokeRun('process', failedWith('Bad.'))],
      'There are no two runs that have succeeded.',
    ],
    [
      'a run without a digest',
      [smokeRun('inprocess'), smokeRun('process', { training: { weightsDigest: null } })],
      'No digest of process.',
    ],
  ])('of %s fail', (_what, runs, text) => {
    expect(checkWeights(runs)).toMatchObject({ state: 'failed', text });
  });
});

describe('tracking', () => {
  const url = 'http://mlflow.example/#/experiments/1/runs/1';
  const runs = (tracking: SmokeRun['tracking']) => [
    smokeRun('inprocess', {}, { tracking: { complete: true, url } }),
    smokeRun('process', {}, { tracking }),
  ];
  const asked = { track: true, ownMlflow: false, hasServer: true };

  it.each([
    ['no server is named', { ...asked, hasServer: false }, 'ok', 'in run directories alone'],
    ['nothing is to be recorded', { ...asked, track: false }, 'left-out', 'kept to this machine'],
    ['all is recorded', asked, 'ok', `2 runs recorded, the last as ${url}`],
    ['all is at its own', { ...asked, ownMlflow: true }, 'ok', '2 runs recorded, at an MLflow of its own'],
  ] as const)('where %s: %j', (_where, how, state, text) => {
    const check = checkTracking(runs({ complete: true, url }), how);
    expect(check.state).toBe(state);
    expect(check.text).toContain(text);
  });

  it.each([
    ['is not complete', { complete: false, error: { message: 'No server.', hint: '' } }, 'No server.'],
    ['is not known', undefined, 'Nothing was told of it.'],
  ])('of a run that %s fails', (_how, tracking, why) => {
    const text = `Not recorded: process. ${why}`;
    expect(checkTracking(runs(tracking), asked)).toMatchObject({ state: 'failed', text });
  });

  it('without any run fails', () => {
    expect(checkTracking([smokeRun('inprocess', {}, NO_RUN)], asked)).toMatchObject({ state: 'failed' });
  });
});

describe('what is left behind', () => {
  it('fails the smoke test, each by its name', () => {
    const container = {
      kind: 'container',
      name: 'runner-1',
      role: '',
      run: '',
      why: '',
      verdict: 'kept',
    } as const;
    expect([checkProcesses([7]), checkProcesses([7, 8])].map(({ text }) => text)).toEqual([
      'Of the runs a process was left, and had to be ended: 7.',
      'Of the runs 2 processes were left, and had to be ended: 7, 8.',
    ]);
    expect(checkDaemon([container], 'tcp://d:1').text).toBe(
      'Left at tcp://d:1, and removed now where that can be: container runner-1.',
    );
    expect(checkFiles(['traced-step-1']).text).toBe('Left, and removed now: traced-step-1.');
    const all = [checkProcesses([7]), checkDaemon([container], ''), checkFiles(['x'])];
    expect(all.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
  });

  it('passes where there is nothing, and claims nothing where it cannot be seen', () => {
    const all = [checkProcesses([]), checkDaemon([], 'unix:///d'), checkFiles([]), checkProcesses(null)];
    expect(all.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'left-out']);
  });
});

describe('the summary', () => {
  const runs = [smokeRun('inprocess'), smokeRun('process', { training: { weightsDigest: OTHER } })];
  const compared = runs.flatMap(({ run }) => run ?? []);

  it('says that it failed, and at what, and has the comparison below', () => {
    const checks = [checkRun(runs[0]!), checkWeights(runs), checkProcesses(null)];
    const report = createReport(compared, { force: false });
    const summary = renderSummary({ checks, report, elapsedMs: 21_300 });
    const lines = summary.split('\n');
    expect(lines.slice(0, 3)).toEqual(['## Smoke test: failed', '', '2 checks in 21.3 s, 1 left out.']);
    expect(lines.find((line) => line.startsWith('| weights'))).toMatch(
      /\| \*\*failed\*\* +\| Not the same: /,
    );
    expect(lines).toContain('### process against inprocess');
  });

  it('of messages that look like markup has text', () => {
    const check = checkRun(smokeRun('process', {}, { ...NO_RUN, message: '<b>|*', hint: '`x`' }));
    const summary = renderSummary({ checks: [check], report: null, elapsedMs: 1000 });
    expect(summary).toContain('&lt;b&gt;\\|\\* \\`x\\`');
  });

  it('that has passed says so', () => {
    const checks = [checkWeights([smokeRun('inprocess'), smokeRun('process')])];
    expect(renderSummary({ checks, report: null, elapsedMs: 900 })).toContain(
      '## Smoke test: passed\n\n1 check in 900 ms.\n',
    );
    expect(DIGEST).toContain('1a2b3c4d1a2b');
  });
});
