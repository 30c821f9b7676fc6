import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Options with which a training lasts for hours unless it is stopped. */
export const endless = (dataDir: string, runsDir: string): string[] => [
  ...['--data-dir', dataDir, '--runs-dir', runsDir, '--epochs', '10000', '--no-early-stopping', '--json'],
];

/**
 * Directory of the only run in `runsDir`, as soon as it has its first checkpoint.
 * @throws Error with what the training has written, if it ends before
 */
export async function firstCheckpoint(
  runsDir: string,
  training: PromiseLike<{ readonly exitCode?: number; readonly stderr: unknown }>,
): Promise<string> {
  for (;;) {
    const [runId] = readdirSync(runsDir).filter((name) => !name.startsWith('.'));
    if (
      runId !== undefined &&
      existsSync(join(runsDir, runId, 'checkpoints', 'step-000000015.safetensors'))
    ) {
      return join(runsDir, runId);
    }
    const ended = await Promise.race([training, sleep(20)]);
    if (ended) {
      throw new Error(
        `The training ended with ${String(ended.exitCode)} before its first checkpoint:\n${String(ended.stderr)}`,
      );
    }
  }
}
