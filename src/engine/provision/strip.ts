import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { RunnerError } from '../../contract/errors.js';
import { type Provisioning, step } from './context.js';
import { DISK_FULL_HINT } from './disk-space.js';
import { findStrip } from './find-tools.js';
import { runCommand, saysDiskFull } from './run-command.js';

/**
 * Takes out the symbols that only a debugger needs, a quarter of the library's size.
 * @returns whether it was done: not where there is no strip, or it cannot read the files
 */
export async function stripLibraries(
  libDir: string,
  files: readonly string[],
  provisioning: Provisioning,
): Promise<boolean> {
  const strip = await findStrip(provisioning);
  if (!strip) return false;
  return step(provisioning, 'Stripping the library', async (report) => {
    for (const [index, name] of files.entries()) {
      const from = join(libDir, name);
      const to = `${from}.stripped`;
      const arguments_ = ['--strip-unneeded', '-o', to, from];
      const { ok, output } = await runCommand([...strip.command, ...arguments_], provisioning);
      if (!ok && saysDiskFull(output)) {
        throw new RunnerError('disk-full', `Cannot write ${to}: no space is left.`, { hint: DISK_FULL_HINT });
      }
      if (!ok) return false;
      await rename(to, from);
      report((index + 1) / files.length);
    }
    return true;
  });
}
