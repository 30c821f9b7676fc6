/** What `--live` costs a training: the same run with and without it, by the command line as users have it. */
import { runRounds } from '../lib/rounds.mjs';
import { trainWithRunner } from '../lib/runner.mjs';
import { STEADY_IMAGES } from './steady.mjs';

/** @returns as `runRounds`: images a second after the first epoch */
export function measureLive(context) {
  const run = async (flags, epochs) => {
    const { outcome, events } = await trainWithRunner(context, [
      ...['--epochs', String(epochs), '--validation-split', '0.1', ...flags],
    ]);
    if (outcome.status !== 'succeeded') throw new Error(outcome.message);
    const speeds = events
      .filter(({ type }) => type === 'epoch')
      .map(({ imagesPerSecond }) => imagesPerSecond);
    const steady = speeds.length > 1 ? speeds.slice(1) : speeds;
    const seconds = steady.reduce((sum, each) => sum + STEADY_IMAGES / each, 0);
    return { imagesPerSecond: (STEADY_IMAGES * steady.length) / seconds };
  };
  const contestants = [
    { name: 'with --live', flags: ['--tracking-uri', context.servers.uri, '--experiment', 'live', '--live'] },
    { name: 'without', flags: ['--no-track'] },
  ].map(({ name, flags }) => ({
    ...{ name, warmUp: () => run(flags, 1), run: () => run(flags, context.epochs) },
  }));
  return runRounds(contestants, {
    ...context,
    describe: ({ imagesPerSecond }) => `${Math.round(imagesPerSecond)} images/s`,
  });
}
