/**
 * The whole process, from its start to its exit: one epoch of MNIST's 60,000 images, model saved. `runner` cannot
 * train without validation, so it keeps the least that it can: 6 images. It does more besides: checkpoint, event log,
 * digest, training curve, SavedModel.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTimed } from '../lib/processes.mjs';
import { trainWithRunner } from '../lib/runner.mjs';
import { runRounds } from '../lib/rounds.mjs';

const SCRIPT = fileURLToPath(new URL('../keras_shortest.py', import.meta.url));

export const measureWhole = (context) =>
  runRounds(contestants(context), {
    ...context,
    describe: ({ wallMs }) => `${(wallMs / 1000).toFixed(2)} s`,
  });

function contestants(context) {
  const { peers, python, scratch, dataDir, threads, signal } = context;
  const runner = async () => {
    const { wallMs, outcome } = await trainWithRunner(context, [
      '--epochs',
      '1',
      '--validation-split',
      '0.0001',
    ]);
    return {
      wallMs,
      firstStepMs: outcome.phases.firstStep,
      phases: outcome.phases,
      peakRssBytes: outcome.resources.peakRssBytes,
      weightsDigest: outcome.training.weightsDigest,
    };
  };
  const keras = (jit) => async () => {
    const { wallMs } = await runTimed(python, [SCRIPT, dataDir, join(scratch, 'model.keras'), jit], {
      env: {
        KERAS_BACKEND: 'tensorflow',
        TF_CPP_MIN_LOG_LEVEL: '3',
        TF_NUM_INTRAOP_THREADS: String(threads),
      },
      signal,
    });
    return { wallMs };
  };
  const all = [{ name: 'runner', run: runner }];
  if (peers.includes('keras')) {
    for (const jit of ['on', 'off']) all.push({ name: `keras jit ${jit}`, run: keras(jit) });
  }
  // What a first run reads from disk, the second finds in memory.
  return all.map((contestant) => ({ ...contestant, warmUp: () => contestant.run(0) }));
}
