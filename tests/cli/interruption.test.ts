/** What a run leaves behind when it does not end by itself. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readEvents } from '../../src/common/event-log.js';
import { readNewestCheckpoint } from '../../src/trainer/checkpoints/folder.js';
import { endless, firstCheckpoint } from '../support/endless-run.js';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { mountMemory } from '../support/mount.js';
import { runJson, startRunner } from '../support/runner.js';

let folder: string;
let dataDir: string;
let runsDir: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-interruption-'));
  dataDir = join(folder, 'mnist-2000');
  mkdirSync(dataDir);
  writeMnistSubset(dataDir, { train: 2000, test: 200 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  runsDir = mkdtempSync(join(folder, 'runs-'));
});

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a run stopped by %s', (signal, status) => {
  it(`writes a checkpoint and its outcome, exits with ${status}, and can be evaluated`, async () => {
    const process = startRunner(['train', ...endless(dataDir, runsDir)]);
    const runDir = await firstCheckpoint(runsDir, process);
    process.kill(signal);
    const { exitCode, stdout, stderr } = await process;
    expect(exitCode, stderr).toBe(status);
    expect(stderr).toContain('press Ctrl-C again to leave at once');
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(document).toMatchObject({ status: 'cancelled', reason: 'interrupted', runDir });
    const outcome = JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8')) as typeof document;
    expect(outcome).toMatchObject({ status: 'cancelled', reason: 'interrupted' });
    const checkpoint = await readNewestCheckpoint(runDir);
    expect(outcome).toMatchObject({ training: { stepsCompleted: checkpoint!.progress.step } });

    const evaluation = await runJson(['evaluate', 'latest', '--runs-dir', runsDir]);
    expect(evaluation.exitCode, evaluation.stderr).toBe(0);
    expect(evaluation.document).toMatchObject({ testExamples: 200 });
  });
});

describe('a run killed with SIGKILL', () => {
  it("keeps its spec, whole events and whole checkpoints, is listed as unfinished, and is in nobody's way", async () => {
    const process = startRunner(['train', ...endless(dataDir, runsDir)]);
    const runDir = await firstCheckpoint(runsDir, process);
    process.kill('SIGKILL');
    expect((await process).signal).toBe('SIGKILL');
    expect(existsSync(join(runDir, 'outcome.json'))).toBe(false);
    const events = await readEvents(join(runDir, 'events.ndjson'));
    expect(events.filter(({ type }) => type === 'checkpoint').length).toBeGreaterThan(0);
    const checkpoint = await readNewestCheckpoint(runDir);
    expect(checkpoint!.progress.epoch).toBeGreaterThanOrEqual(1);

    const listed = await runJson(['runs', 'ls', '--runs-dir', runsDir]);
    expect(listed.document.runs).toMatchObject([{ state: 'unfinished' }]);
    const next = await runJson(['train', '--data-dir', dataDir, '--runs-dir', runsDir, '--epochs', '1']);
    expect(next.exitCode, next.stderr).toBe(0);
    expect((await runJson(['runs', 'rm', runDir.slice(-6), '--runs-dir', runsDir])).exitCode).toBe(0);
    expect(existsSync(runDir)).toBe(false);
  });
});

describe('a run whose disk fills up', () => {
  it('fails as disk-full with the file named, keeps the checkpoint before, and exits with 3', async (test) => {
    // Room for one checkpoint of 2.7 MB and its artifacts, not for a second one.
    using _disk = mountMemory(test, runsDir, 'size=4m');
    const args = [
      'train',
      '--data-dir',
      dataDir,
      '--runs-dir',
      runsDir,
      '--epochs',
      '3',
      '--no-early-stopping',
    ];
    const { exitCode, document, stderr } = await runJson(args);
    expect(exitCode, stderr).toBe(3);
    expect(document).toMatchObject({ status: 'failed', reason: 'disk-full', error: { code: 'disk-full' } });
    expect(stderr).toContain('step-000000030.safetensors: no space is left on the device.');
    const runDir = document.runDir as string;
    expect(readdirSync(join(runDir, 'checkpoints'))).toEqual(['step-000000015.safetensors']);
    expect((await readNewestCheckpoint(runDir))!.progress.epoch).toBe(1);
    expect(JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8'))).toMatchObject({
      reason: 'disk-full',
    });
  });
});
