import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commandLine } from './command-line.js';
import { dirOf } from './left-runs.js';

const TRAIN = ['train', '--batch-size', '16', '--epochs', '2', '--threads', '2', '--quiet'] as const;

/** Two runs, each as the first version left one: no phases, nothing of the trainer by itself, no request. */
async function olderRuns() {
  const cli = commandLine();
  for (const [index, mode] of ['inprocess', 'docker'].entries()) {
    const id = `2026010${index + 1}-000000-aaaaaa`;
    const { runId } = await cli.json(...TRAIN, '--mode', mode);
    renameSync(dirOf(cli, String(runId)), dirOf(cli, id));
    const file = join(dirOf(cli, id), 'outcome.json');
    const outcome = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const newer = { trainer: undefined, image: undefined, exitStatus: undefined, error: undefined };
    const resources = { wallMs: 10_000, cpuSeconds: 9, peakRssBytes: 6e8 };
    writeFileSync(file, JSON.stringify({ ...outcome, ...newer, runId: id, phases: {}, resources }));
    rmSync(join(dirOf(cli, id), 'request.json'));
  }
  return cli;
}

it.each(['terminal', 'markdown', 'csv', 'json', 'html'])(
  'runs of an older version are compared by what they have (%s)',
  async (format) => {
    using cli = await olderRuns();
    const { status, stdout } = await cli.run('compare', '--format', format);
    expect(status).toBe(0);
    expect(stdout).toContain('docker');
    expect(stdout).not.toMatch(/undefined|\bNaN\b/);
  },
);

it('a condition on a phase that they do not have is refused, and not passed', async () => {
  using cli = await olderRuns();
  const { status, stderr } = await cli.run('compare', '--fail-if', 'docker.phaseSeconds.create > 1');
  expect(status).toBe(2);
  expect(stderr).toContain('docker.phaseSeconds.create');
});
