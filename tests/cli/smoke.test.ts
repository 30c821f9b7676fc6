/** The smoke test as a CI job has it: a process, its exit status, and the page that GitHub makes of the summary. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runJson, runRunner } from '../support/runner.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';

/** Names what the two runs of a test have in common: no daemon is looked for. */
const MODES = ['--modes', 'inprocess,process'] as const;

it('trains both modes to the same bits, writes page and summary, and leaves nothing else behind', async () => {
  using directory = temporaryDirectory();
  const { path } = directory;
  const summary = join(path, 'summary.md');
  writeFileSync(summary, '# Of an earlier step\n');
  // Of this test alone: others may run smoke tests meanwhile.
  const TMPDIR = join(path, 'tmp');
  mkdirSync(TMPDIR);
  const env = { GITHUB_STEP_SUMMARY: summary, MLFLOW_TRACKING_URI: '', TMPDIR };
  const { exitCode, stdout, stderr } = await runRunner(['smoke', ...MODES, '--output', 'page.html'], {
    ...{ env, cwd: path },
  });
  expect(exitCode, `${stdout}${stderr}`).toBe(0);
  const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
  expect(lines.slice(0, -3).map(([state, name]) => [state, name])).toEqual([
    ...[
      ['ok', 'inprocess'],
      ['ok', 'process'],
      ['ok', 'weights'],
      ['ok', 'tracking'],
      ['ok', 'report'],
    ],
    ...[
      ['ok', 'processes'],
      ['ok', 'temporary files'],
    ],
  ]);
  expect(stdout).toMatch(/\n\nThe smoke test passed: 7 checks in .* s\.\n$/);
  expect(stderr).toBe('inprocess, 1 of 2\nprocess, 2 of 2\n');
  const markdown = readFileSync(summary, 'utf8');
  expect(markdown).toContain('# Of an earlier step\n## Smoke test: passed\n');
  expect(markdown).toContain('### process against inprocess');
  expect(readFileSync(join(path, 'page.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  expect(readdirSync(path).sort()).toEqual(['page.html', 'summary.md', 'tmp']);
  expect(readdirSync(TMPDIR)).toEqual([]);
});

it('fails where the runs cannot be recorded, says what failed, and keeps the runs that it is told to keep', async () => {
  using directory = temporaryDirectory();
  const { path } = directory;
  const server = ['--tracking-uri', 'http://127.0.0.1:9'];
  const kept = ['--runs-dir', 'runs', '--summary', 'summary.md'];
  const { exitCode, document } = await runJson(['smoke', ...MODES, ...server, ...kept], { cwd: path });
  expect(exitCode).toBe(1);
  expect(document).toMatchObject({
    passed: false,
    runs: [
      { side: 'inprocess', status: 'succeeded' },
      { side: 'process', status: 'succeeded' },
    ],
    report: { weights: { same: true } },
    runsDir: join(path, 'runs'),
    error: { code: 'check-failed', message: 'The smoke test failed: tracking.', exitCode: 1 },
  });
  const runIds = (document.runs as { readonly runId: string }[]).map(({ runId }) => runId);
  const names = readdirSync(join(path, 'runs')).filter((name) => !name.startsWith('.'));
  expect(names.sort()).toEqual(runIds.sort());
  expect(readFileSync(join(path, 'summary.md'), 'utf8')).toContain('## Smoke test: failed');
});
