import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { NO_TRAINING } from '../../../src/contract/run-outcome.js';
import type { RunOutcome } from '../../../src/contract/run-outcome.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { thisProcess } from '../../../src/orchestrator/owner.js';
import type { RunDirectory } from '../../../src/orchestrator/runs-directory.js';
import { NOW, SPEC } from './specs.js';

export const RUN_ID = '20260301-140509-aaaaaa';

/** No system has a process of this number. */
export const DEAD = { pid: 2 ** 22 + 1, host: hostname(), startTimeTicks: 1 };
export const ELSEWHERE = { pid: 1, host: `not-${hostname()}`, startTimeTicks: 1 };

export interface Stored {
  readonly runId?: string;
  readonly mode?: RunSpec['mode'];
  readonly spec?: Partial<RunSpec>;
  readonly owner?: 'dead' | 'this' | 'elsewhere' | 'none';
  /** Files by name: text, or a value to be written as JSON. */
  readonly files?: Readonly<Record<string, unknown>>;
}

/** A run as a process has left it, by default one that died at once. */
export function storeRun(
  runsDir: string,
  { runId = RUN_ID, mode = 'docker', ...rest }: Stored = {},
): RunDirectory {
  const { spec = {}, owner = 'dead', files = {} } = rest;
  const runDir = join(runsDir, runId);
  mkdirSync(runDir);
  const record = { dead: DEAD, this: thisProcess(), elsewhere: ELSEWHERE, none: undefined }[owner];
  const all = { ...(record && { 'owner.json': record }), 'spec.json': { ...SPEC, mode, ...spec }, ...files };
  for (const [name, content] of Object.entries(all)) {
    writeFileSync(join(runDir, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return { runId, runDir };
}

export const outcomeOf = (over: Partial<RunOutcome> = {}): RunOutcome => ({
  ...{ schemaVersion: 1, runId: RUN_ID, mode: 'docker', status: 'succeeded', reason: null, message: null },
  ...{ exitCode: 0, signal: null, startedAt: NOW - 9000, endedAt: NOW - 1000, phases: { train: 5 } },
  ...{ resources: { wallMs: 8000, cpuSeconds: 1, peakRssBytes: 1 }, training: NO_TRAINING },
  ...over,
});

export const journalOf = (...steps: readonly string[]): string =>
  steps.map((step) => `${JSON.stringify({ step, t: NOW })}\n`).join('');

export const logEvent = (seq: number, message = ''): string =>
  `${JSON.stringify({ seq, t: NOW + seq, type: 'log', level: 'info', message })}\n`;

export const readJson = ({ runDir }: RunDirectory, name: string): unknown =>
  JSON.parse(readFileSync(join(runDir, name), 'utf8'));
