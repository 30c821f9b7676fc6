/** Checks of what the caller feeds, the same for the traced and the eager step. */
import { nth, sizeOf } from './arrays.js';
import type { TrainingProgram } from './program.js';
import type { Batch, Tensor, TensorLike } from './types.js';

/** One array of a batch, ready to be fed. */
export interface FedArray {
  readonly dtype: 'float32' | 'int32' | 'uint8';
  /** With the batch dimension. */
  readonly shape: readonly number[];
  readonly data: TensorLike;
}

const ARRAY_TYPES = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;

/** @throws RangeError if the arrays are not what the model takes */
export function fedInputs(program: TrainingProgram, x: Batch['x'], size: number): FedArray[] {
  checkSize(size);
  const { inputs, options } = program;
  const arrays: readonly TensorLike[] = ArrayBuffer.isView(x) ? [x] : x;
  if (arrays.length !== inputs.length) {
    throw new RangeError(`the model takes ${inputs.length} inputs, the batch has ${arrays.length}`);
  }
  return inputs.map(({ name, shape, dtype }, i) =>
    checked(`input "${name}"`, {
      dtype: options.input?.dtype === 'uint8' && i === 0 ? 'uint8' : dtype,
      shape: [size, ...shape],
      data: nth(arrays, i),
    }),
  );
}

/** @throws RangeError also if a class index is not one of the model's classes */
export function fedLabels(program: TrainingProgram, { y, size }: Batch): FedArray {
  checkSize(size);
  const { labelDtype, outputShape, options } = program;
  const labels = checked('y', { dtype: labelDtype, shape: program.labelShape(size), data: y });
  if (options.loss === 'sparseCategoricalCrossentropy') {
    const classes = outputShape.at(-1) ?? 0;
    const wrong = y.find((label) => label < 0 || label >= classes);
    if (wrong !== undefined)
      throw new RangeError(`label ${wrong} is not one of the classes 0 to ${classes - 1}`);
  }
  return labels;
}

/** @throws RangeError */
export function checkSize(size: number): void {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`a batch of ${size} examples is not possible`);
}

function checked(what: string, array: FedArray): FedArray {
  const { dtype, shape, data } = array;
  if (!(data instanceof ARRAY_TYPES[dtype])) {
    throw new RangeError(`${what} must be a ${ARRAY_TYPES[dtype].name}`);
  }
  const expected = sizeOf(shape);
  if (data.length !== expected) {
    throw new RangeError(`${what} has ${data.length} values, [${shape.join(', ')}] takes ${expected}`);
  }
  return array;
}

/** The array as tfjs takes it: bytes become scaled numbers. */
export function tensorOf({ tf, options }: TrainingProgram, { dtype, shape, data }: FedArray): Tensor {
  if (dtype !== 'uint8') return tf.tensor(data, [...shape], dtype);
  const scale = options.input?.dtype === 'uint8' ? options.input.scale : 1;
  return tf.tidy(() => tf.mul(tf.tensor(Float32Array.from(data), [...shape]), scale));
}
