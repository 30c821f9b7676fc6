/**
 * A job that goes wrong on purpose, for `runner bench --blast-radius`: its model function provokes a fault, just where
 * the code of a job runs in every mode, with the engine loaded and the run under way. The same trainer program runs it
 * in each, out of the same image, with nothing of the runner replaced.
 *
 * No command finds it by name, and where it is named all the same, it does nothing without the plan that the bench
 * writes for one case (src/contract/blast-radius.ts).
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../common/errors.js';
import { describeIssues } from '../../common/parse.js';
import { BLAST_PLAN_FILE, BLAST_RADIUS_JOB, blastPlanSchema } from '../../contract/blast-radius.js';
import type { BlastPlan } from '../../contract/blast-radius.js';
import { RunnerError } from '../../contract/errors.js';
import type { ByteImages, ImageDataset, Job, LayersModel, TensorFlow } from '../../contract/job.js';
import { provoke } from './faults.js';

/** [height, width, channels] */
const IMAGE_SHAPE = [4, 4, 1] as const;
const CLASS_NAMES = ['dark', 'light'];

/** For one run: it keeps the plan between its data and its model. */
export function createBlastRadius(): Job {
  let plan: BlastPlan | undefined;
  return {
    name: BLAST_RADIUS_JOB,
    title: 'A fault, provoked on purpose',
    defaults: {
      ...{ epochs: 1, batchSize: 8, learningRate: 0.002, learningRateSchedule: 'constant' },
      ...{ validationSplit: 0.25, earlyStopping: false, patience: 1, seed: 1 },
    },
    defaultDataDir: () => {
      throw new RunnerError('data-missing', 'There is no plan of a fault: the bench alone writes one.');
    },
    async loadData(dir) {
      const read = await readPlan(dir);
      plan = read.plan;
      return datasetOf(read.digest);
    },
    async describeData(dir) {
      const { digest, train, test } = datasetOf((await readPlan(dir)).digest);
      return { digest, trainExamples: train.count, testExamples: test.count };
    },
    dataFiles: (dir) => Promise.resolve([join(dir, BLAST_PLAN_FILE)]),
    buildModel(tf, seed) {
      if (plan !== undefined) provoke(plan);
      return buildModel(tf, seed);
    },
  };
}

async function readPlan(dir: string): Promise<{ readonly plan: BlastPlan; readonly digest: string }> {
  const path = join(dir, BLAST_PLAN_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new RunnerError('data-missing', `There is no plan of a fault in ${dir}: ${describeError(error)}.`, {
      cause: error,
    });
  }
  const result = blastPlanSchema.safeParse(parse(text, path));
  if (!result.success) {
    throw new RunnerError('bad-data', `${path} is no plan of a fault: ${describeIssues(result.error)}.`);
  }
  return { plan: result.data, digest: `sha256:${createHash('sha256').update(text).digest('hex')}` };
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RunnerError('bad-data', `${path} is no JSON: ${describeError(error)}.`, { cause: error });
  }
}

/** Just enough for a run that goes on after its fault to train and save something. */
const datasetOf = (digest: string): ImageDataset => ({
  ...{ name: BLAST_RADIUS_JOB, imageShape: IMAGE_SHAPE, classNames: CLASS_NAMES, digest },
  train: examples(32),
  test: examples(8),
});

/** Dark ones and light ones in turn. */
function examples(count: number): ByteImages {
  const pixels = IMAGE_SHAPE[0] * IMAGE_SHAPE[1] * IMAGE_SHAPE[2];
  return {
    images: Uint8Array.from({ length: count * pixels }, (_, index) =>
      Math.floor(index / pixels) % 2 === 0 ? 20 : 220,
    ),
    labels: Uint8Array.from({ length: count }, (_, index) => index % 2),
    count,
  };
}

const buildModel = (tf: TensorFlow, seed: number): LayersModel =>
  tf.sequential({
    name: 'after_the_fault',
    layers: [
      tf.layers.flatten({ name: 'flatten', inputShape: [...IMAGE_SHAPE] }),
      tf.layers.dense({
        ...{ name: 'probabilities', units: CLASS_NAMES.length, activation: 'softmax' },
        kernelInitializer: tf.initializers.glorotUniform({ seed }),
      }),
    ],
  });
