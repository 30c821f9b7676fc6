import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../../src/trainer/checkpoints/checkpoint.js';
import {
  newestCheckpointStep,
  readNewestCheckpoint,
  writeCheckpoint,
} from '../../../../src/trainer/checkpoints/folder.js';

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'checkpoints-'));
});
afterEach(() => rmSync(runDir, { recursive: true, force: true }));

const arrays = (value: number) => [{ name: 'dense/kernel', shape: [2], data: Float32Array.of(value, value) }];
const checkpoint = (epoch: number): Checkpoint => ({
  progress: { epoch, step: 10 * epoch, bestEpoch: 1, bestValLoss: 0.25 },
  state: { step: 10 * epoch, weights: arrays(epoch), slots: arrays(-epoch) },
  best: arrays(1),
});

describe('the checkpoints of a run', () => {
  it('come back as they were written', async () => {
    expect(await writeCheckpoint(runDir, checkpoint(3))).toBe('checkpoints/step-000000030.safetensors');
    expect(await readNewestCheckpoint(runDir)).toEqual(checkpoint(3));
  });

  it('are the newest two', async () => {
    for (const epoch of [1, 2, 3, 11]) await writeCheckpoint(runDir, checkpoint(epoch));
    expect(readdirSync(join(runDir, 'checkpoints'))).toEqual([
      'step-000000030.safetensors',
      'step-000000110.safetensors',
    ]);
    expect((await readNewestCheckpoint(runDir))?.progress.epoch).toBe(11);
  });

  it('tell the step of the newest by its name', async () => {
    expect(await newestCheckpointStep(runDir)).toBeNull();
    for (const epoch of [1, 11]) await writeCheckpoint(runDir, checkpoint(epoch));
    expect(await newestCheckpointStep(runDir)).toBe(110);
  });

  it('may lack the best weights, when those are the current ones', async () => {
    await writeCheckpoint(runDir, { ...checkpoint(1), best: null });
    expect((await readNewestCheckpoint(runDir))?.best).toBeNull();
  });

  it('are none in a run that wrote none', async () => {
    expect(await readNewestCheckpoint(runDir)).toBeNull();
  });

  it('are refused by name when they are damaged', async () => {
    await writeCheckpoint(runDir, checkpoint(1));
    const path = join(runDir, 'checkpoints', 'step-000000010.safetensors');
    writeFileSync(path, readFileSync(path).subarray(0, -4));
    await expect(readNewestCheckpoint(runDir)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: `${path} is no checkpoint: tensor "best/dense/kernel" does not fit its shape.`,
    });
  });

  it('leave alone what else lies in the folder', async () => {
    mkdirSync(join(runDir, 'checkpoints'));
    writeFileSync(join(runDir, 'checkpoints', 'notes.txt'), 'mine');
    for (const epoch of [1, 2, 3]) await writeCheckpoint(runDir, checkpoint(epoch));
    expect(readdirSync(join(runDir, 'checkpoints'))).toContain('notes.txt');
  });
});
