/** Loads a binding in a process of its own: TensorFlow is loaded once a process, and one that crashes takes it along. */
import type { Provisioning } from './context.js';
import { runCommand } from './run-command.js';

/** All symbols are bound at once, so that one that the library lacks shows now and not in the middle of a run. */
const SCRIPT = `
const { RTLD_NOW, RTLD_GLOBAL } = require('node:os').constants.dlopen;
const [bindingPath, logLevelPath] = process.argv.slice(1);
if (logLevelPath) process.dlopen({ exports: {} }, logLevelPath, RTLD_NOW | RTLD_GLOBAL);
const module_ = { exports: {} };
process.dlopen(module_, bindingPath, RTLD_NOW);
const tf = module_.exports;
const id = tf.createTensor([2], tf.TF_FLOAT, new Float32Array([20, 22]));
const [sum] = tf.executeOp('Add', [{ name: 'T', type: tf.TF_ATTR_TYPE, value: tf.TF_FLOAT }], [id, id], 1);
const result = Array.from(tf.tensorDataSync(sum.id));
console.log(JSON.stringify({ version: tf.TF_Version, result }));
`;
const TIMEOUT_MS = 60_000;

export type Trial =
  | { readonly ok: true; readonly version: string; readonly ms: number }
  | { readonly ok: false; readonly why: string };

/** Whether TensorFlow loads and adds, and what it says its version is. */
export async function tryBinding(
  { bindingPath, logLevelPath }: { bindingPath: string; logLevelPath?: string | undefined },
  surroundings: Pick<Provisioning, 'env' | 'signal'>,
): Promise<Trial> {
  const started = performance.now();
  const { ok, stdout, output } = await runCommand(
    [
      process.execPath,
      '-e',
      SCRIPT,
      '--',
      bindingPath,
      ...(logLevelPath === undefined ? [] : [logLevelPath]),
    ],
    surroundings,
    { env: { TF_CPP_MIN_LOG_LEVEL: '2' }, timeoutMs: TIMEOUT_MS },
  );
  if (!ok) return { ok: false, why: explain(output) };
  const { version, result } = JSON.parse(stdout) as { version: string; result: readonly number[] };
  if (result.join() !== '40,44')
    return { ok: false, why: `20 + 20, 22 + 22 came out as ${result.join(', ')}` };
  return { ok: true, version, ms: performance.now() - started };
}

/** The line with the cause out of Node's report of an uncaught error. */
function explain(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^\w*Error: /.test(line)) ?? lines.at(-1) ?? 'it ended without a word';
}
