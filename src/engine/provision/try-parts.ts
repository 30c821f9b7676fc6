/** Whether the loader finds all that CUDA's libraries want, in a process of its own. */
import { basename, join } from 'node:path';
import { RunnerError } from '../../contract/errors.js';
import type { FileRecord } from '../manifest.js';
import { type Provisioning, step } from './context.js';
import { runCommand } from './run-command.js';

/** Node loads any library, and then says of one that is no addon of its that it did not register itself. */
const SCRIPT = `
const { RTLD_NOW } = require('node:os').constants.dlopen;
const failures = process.argv.slice(1).flatMap((path) => {
  try {
    process.dlopen({ exports: {} }, path, RTLD_NOW);
    return [];
  } catch ({ message }) {
    return message.includes('did not self-register') ? [] : [message];
  }
});
console.log(JSON.stringify(failures));
`;
const TIMEOUT_MS = 120_000;

/** The driver's own library: there is none where there is no card, and then nothing is amiss yet. */
const OF_THE_DRIVER = 'libcuda.so.1:';

/**
 * Loads each part from where TensorFlow will find it. One that does not load would only show as “no GPU” later.
 * @param dir the engine's folder, to which the parts' paths are relative
 * @throws RunnerError `engine-corrupt` that names the library which is missing
 */
export async function tryParts(
  dir: string,
  parts: readonly FileRecord[],
  provisioning: Provisioning,
): Promise<void> {
  const libraries = parts.map(({ path }) => path).filter((path) => basename(path).includes('.so'));
  await step(provisioning, 'Trying the CUDA libraries', async () => {
    const { ok, stdout, output } = await runCommand(
      [process.execPath, '-e', SCRIPT, '--', ...libraries.map((path) => join(dir, path))],
      provisioning,
      { timeoutMs: TIMEOUT_MS },
    );
    const failures = ok ? (JSON.parse(stdout) as readonly string[]) : [output.trim()];
    const [failure] = failures.filter((message) => !message.startsWith(OF_THE_DRIVER));
    if (failure === undefined) return;
    throw new RunnerError(
      'engine-corrupt',
      `The engine was built but CUDA's libraries do not load: ${failure}`,
      {
        hint: failure.startsWith('libz.so.1:')
          ? 'Install zlib, which cuDNN needs: `apt-get install zlib1g` or `dnf install zlib`.'
          : 'docs/gpu.md lists what the engine for GPUs needs of the system.',
      },
    );
  });
}
