/**
 * What a container costs that does nothing: `docker run --rm` of the trainer's image, which has no `true`, running
 * `node --version`; and create, start and remove of a run on the same image, hardened, with its two volumes.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSubset } from '../lib/subset.mjs';
import { runTimed } from '../lib/processes.mjs';
import { runRounds } from '../lib/rounds.mjs';
import { trainWithRunner } from '../lib/runner.mjs';

export async function measureCold(context) {
  const dataDir = join(context.scratch, 'small');
  mkdirSync(dataDir, { recursive: true });
  writeSubset(context.dataDir, dataDir, { train: 600, test: 100 });
  const small = { ...context, dataDir };
  const train = async () => {
    const { outcome, wallMs } = await trainWithRunner(small, ['--epochs', '1'], { mode: 'docker' });
    const { create, fill, start, collect, remove } = outcome.phases;
    return {
      ...{ wallMs, create, fill, start, collect, remove, containerMs: create + start + remove },
      cpuMs: 1000 * outcome.resources.cpuSeconds,
      image: outcome.image.id,
    };
  };
  const { image } = await train();
  const bare = async () => {
    const args = [
      'run',
      '--rm',
      '--network',
      'none',
      '--entrypoint',
      '/usr/local/bin/node',
      image,
      '--version',
    ];
    const { wallMs } = await runTimed('docker', args, context);
    return { containerMs: wallMs };
  };
  return runRounds(
    [
      { name: 'docker run --rm', warmUp: bare, run: bare },
      { name: 'runner', warmUp: train, run: train },
    ],
    {
      ...context,
      rounds: 2 * context.rounds,
      describe: ({ containerMs }) => `${Math.round(containerMs)} ms`,
    },
  );
}
