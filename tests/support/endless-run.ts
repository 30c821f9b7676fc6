import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Options with which a training lasts for hours unless it is stopped. */
export const endless = (dataDir: string, runsDir: string): string[] => [
  ...['--data-dir', dataDir, '--runs-dir', runsDir, '--epochs', '10000', '--no-early-stopping', '--json'],
];

/**
 * Directory of the only run in `runsDir`, as soon as it has its first checkpoint, and the event that tells of it.
 * @throws Error with what the training has written, if it ends before
 */
export async function firstCheckpoint(
  runsDir: string,
  training: PromiseLike<{ readonly exitCode?: number; readonly stderr: unknown }>,
): Promise<string> {
  for (;;) {
    const [runId] = readdirSync(runsDir).filter((name) => !name.startsWith('.'));
    if (runId !== undefined && isCheckpointed(join(runsDir, runId))) return join(runsDir, runId);
    const ended = await Promise.race([training, sleep(20)]);
    if (ended) {
      throw new Error(
        `The training ended with ${String(ended.exitCode)} before its first checkpoint:\n${String(ended.stderr)}`,
      );
    }
  }
}

/** The file is there a moment before its event. */
function isCheckpointed(runDir: string): boolean {
  const events = join(runDir, 'events.ndjson');
  return (
    existsSync(join(runDir, 'checkpoints', 'step-000000015.safetensors')) &&
    readFileSync(events, 'utf8').includes('"type":"checkpoint"')
  );
}
