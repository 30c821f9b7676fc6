import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { removeRuns } from '../../../src/orchestrator/remove-run.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { journalOf, outcomeOf, RUN_ID, storeRun } from './stored-runs.js';

const TRAINING = journalOf('intent', 'created', 'filled', 'started');

describe('a run that nobody has in hand', () => {
  it.each([
    ['unfinished', {}],
    ['lost', { 'outcome.json': outcomeOf({ status: 'lost', reason: 'daemon-unreachable' }) }],
    ['ended', { 'outcome.json': outcomeOf() }],
    ['corrupt', { 'spec.json': 'nonsense' }],
  ])(
    'and that is %s is not removed while it has something on the daemon, unless forced',
    async (_what, more) => {
      using directory = temporaryDirectory();
      const other = storeRun(directory.path, { runId: '20260301-140508-bbbbbb' });
      const run = storeRun(directory.path, { files: { 'journal.ndjson': TRAINING, ...more } });
      await expect(removeRuns([other, run], { force: false })).rejects.toMatchObject({
        code: 'run-unfinished',
        message: `Run ${RUN_ID} still has something on the Docker daemon.`,
        hint: '`runner runs stop` or `runner recover` first, or remove it all the same with --force.',
      });
      expect(readdirSync(directory.path).sort()).toEqual([other.runId, RUN_ID]);
      expect(await removeRuns([other, run], { force: true })).toEqual([run]);
      expect(readdirSync(directory.path)).toEqual([]);
    },
  );

  it.each([
    ['has begun nothing', {}],
    ['has cleared away', { 'journal.ndjson': journalOf('intent', 'removed'), 'outcome.json': outcomeOf() }],
  ])('is removed if it %s', async (_what, files) => {
    using directory = temporaryDirectory();
    expect(await removeRuns([storeRun(directory.path, { files })], { force: false })).toEqual([]);
    expect(readdirSync(directory.path)).toEqual([]);
  });
});
