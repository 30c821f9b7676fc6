import { describe, expect, it } from 'vitest';
import { lookUpRun } from '../../../src/orchestrator/knowledge.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { journalOf, outcomeOf, storeRun, type Stored } from './stored-runs.js';

const LOST = outcomeOf({ status: 'lost', reason: 'daemon-unreachable' });

describe('what is known of a run', () => {
  const cases: readonly [what: string, stored: Stored, known: string][] = [
    ['whose process lives', { owner: 'this' }, 'owned'],
    ['whose process is on another host', { owner: 'elsewhere' }, 'owned'],
    [
      'whose process lives and may be clearing away',
      { owner: 'this', files: { 'outcome.json': outcomeOf() } },
      'owned',
    ],
    ['whose process has died', {}, 'recoverable'],
    ['that was lost sight of', { files: { 'outcome.json': LOST } }, 'recoverable'],
    [
      'that was lost sight of and is being looked for',
      { owner: 'this', files: { 'outcome.json': LOST } },
      'owned',
    ],
    ['that has ended', { files: { 'outcome.json': outcomeOf() } }, 'ended'],
    ['that has failed', { files: { 'outcome.json': outcomeOf({ status: 'failed' }) } }, 'ended'],
    [
      'that has ended and is not cleared away: it may be, results are safe',
      { files: { 'outcome.json': outcomeOf(), 'journal.ndjson': journalOf('intent', 'collected') } },
      'ended',
    ],
    ['in a process that was lost with it', { mode: 'inprocess', files: { 'outcome.json': LOST } }, 'ended'],
    ['that cannot be read, which proves nothing', { files: { 'spec.json': '{' } }, 'recoverable'],
    [
      'whose outcome is of a later version',
      { files: { 'outcome.json': { schemaVersion: 99 } } },
      'recoverable',
    ],
  ];
  it.each(cases)('%s', async (_what, stored, known) => {
    using directory = temporaryDirectory();
    expect(await lookUpRun(storeRun(directory.path, stored))).toBe(known);
  });

  it('that is not there', async () => {
    using directory = temporaryDirectory();
    const run = { runId: 'x', runDir: `${directory.path}/20260301-140509-aaaaaa` };
    expect(await lookUpRun(run)).toBe('gone');
  });

  it('whose runs directory is not there, which proves nothing', async () => {
    using directory = temporaryDirectory();
    const run = { runId: 'x', runDir: `${directory.path}/not-mounted/20260301-140509-aaaaaa` };
    expect(await lookUpRun(run)).toBe('unknown');
  });
});
