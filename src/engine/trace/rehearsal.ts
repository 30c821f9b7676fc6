/**
 * Runs a new graph once, on a batch size that was not recorded, and compares it with tfjs. TensorFlow looks for the
 * kernels of a graph only when it first runs, so what it lacks shows here; so does a value that JavaScript froze in
 * a way that three recordings did not give away.
 */
import { nth } from './arrays.js';
import { fedInputs, fedLabels, tensorOf } from './batch.js';
import { withNativeGradients } from './gradients.js';
import { keepingWeights, type TrainingProgram } from './program.js';
import { exampleValues } from './recordings.js';
import { asUntraceable } from './session.js';
import { UntraceableError, type Batch, type TrainStep } from './types.js';

/** None of the recorded sizes. */
const BATCH_SIZE = 4;
/** Of a loss, relative. Kernels that sum in another order differ by some 1e-6. */
const LOSS_TOLERANCE = 1e-3;
/**
 * Of all gradients together, relative. Wide, because where an activation has a kink one rounding moves a gradient by
 * more than a rounding; a wrong graph is off by far more.
 */
const GRADIENT_TOLERANCE = 0.05;

interface Outcome {
  readonly trainLoss: number;
  readonly evaluateLoss: number;
  readonly gradients: readonly ArrayLike<number>[];
}

/** Leaves `step` with other weights than before. @throws UntraceableError */
export function rehearse(program: TrainingProgram, step: TrainStep): void {
  const batch = exampleBatch(program);
  const expected = byTfjs(program, batch);
  const actual = byGraph(step, batch);
  for (const which of ['trainLoss', 'evaluateLoss'] as const) {
    const [a, b] = [actual[which], expected[which]];
    const agree = Object.is(a, b) || Math.abs(a - b) <= LOSS_TOLERANCE * Math.max(1e-3, Math.abs(b));
    if (!agree) throw new UntraceableError('model', `its graph gives ${which} ${a} where tfjs gives ${b}`);
  }
  const [difference, norm] = distance(actual.gradients, expected.gradients);
  if (!(difference <= GRADIENT_TOLERANCE * Math.max(1e-6, norm))) {
    throw new UntraceableError('model', `the gradients of its graph are off by ${difference} of ${norm}`);
  }
}

function exampleBatch(program: TrainingProgram): Batch {
  const bytes = program.options.input?.dtype === 'uint8';
  const x = program.inputs.map(({ shape, dtype }, i) => {
    const values = exampleValues([BATCH_SIZE, ...shape], dtype, BATCH_SIZE);
    return bytes && i === 0 ? Uint8Array.from(values, (value) => value * 255) : values;
  });
  return {
    size: BATCH_SIZE,
    x,
    y: exampleValues(program.labelShape(BATCH_SIZE), program.labelDtype, BATCH_SIZE),
  };
}

function byTfjs(program: TrainingProgram, batch: Batch): Outcome {
  const { tf, options } = program;
  return keepingWeights(program, () => {
    let outcome: Outcome | undefined;
    tf.tidy(() => {
      const x = fedInputs(program, batch.x, batch.size).map((array) => tensorOf(program, array));
      const y = tensorOf(program, fedLabels(program, batch));
      const seed = tf.tensor1d([options.seed ?? 0, 0], 'int32');
      // First: training moves the statistics that evaluation uses.
      const evaluateLoss = scalar(program.evaluate(x, y, true).loss);
      const { loss, hits, gradients } = withNativeGradients(tf, () => program.gradients(x, y, seed, true));
      hits?.dispose();
      const values = gradients.map((gradient) => gradient?.dataSync() ?? []);
      outcome = { trainLoss: scalar(loss), evaluateLoss, gradients: values };
    });
    return outcome as unknown as Outcome;
  });
}

function byGraph(step: TrainStep, batch: Batch): Outcome {
  try {
    const evaluateLoss = step.evaluate(batch).loss;
    const gradients = step.gradients(batch).map(({ data }) => data);
    return { trainLoss: step.train(batch, 0).loss, evaluateLoss, gradients };
  } catch (error) {
    throw asUntraceable(error);
  }
}

const scalar = (tensor: { dataSync(): ArrayLike<number> }): number => nth(tensor.dataSync(), 0);

/** ‖a − b‖ and ‖b‖ over all arrays; where `b` has an empty one it stands for zeros. NaN in both is no difference. */
function distance(a: Outcome['gradients'], b: Outcome['gradients']): [number, number] {
  let difference = 0;
  let norm = 0;
  a.forEach((values, i) => {
    for (let k = 0; k < values.length; k += 1) {
      const [actual = 0, expected = 0] = [values[k], b[i]?.[k]];
      if (Number.isNaN(actual) && Number.isNaN(expected)) continue;
      difference += (actual - expected) ** 2;
      norm += expected ** 2;
    }
  });
  return [Math.sqrt(difference), Math.sqrt(norm)];
}
