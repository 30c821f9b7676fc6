import type { BenchFlags } from '../commands/bench.js';
import { BENCH_SETTINGS } from '../options.js';
import { addCommon, addSettings } from './common.js';
import type { AddCommands } from './common.js';
import { addReportOptions } from './compare.js';

const BLAST_RADIUS = 'Options for --blast-radius:';

/** `runner bench` */
export const addBench: AddCommands = (program, context, done) => {
  const bench = program
    .command('bench')
    .description('train in several modes, in interleaved rounds, and compare them')
    .option(
      '--modes <list>',
      'of inprocess, process, docker, docker-warm and kubernetes, with commas between; or one of them twice',
    )
    .option('--repeats <n>', 'rounds at most; each has every mode once (default: 10)')
    .option('--precision <share>', 'stop once the 95 % interval is this narrow on each side, such as 2%')
    .option(
      '--figure <name>',
      'the figure that --precision is about, and that is shown on the way (default: imagesPerSecond)',
    )
    .option('--order-seed <n>', 'seeds the order within the rounds (default: drawn)')
    .option('--evaluate', 'evaluate each run on the test images')
    .option('--resume [bench]', 'go on with a bench that was stopped or killed: an id, or "latest"');
  addSettings(bench, BENCH_SETTINGS, { track: 'false' });
  addReportOptions(bench)
    .option('--quiet', 'no progress')
    .optionsGroup(BLAST_RADIUS)
    .option('--blast-radius', 'provoke the same faults in each mode instead, and tell what they harm')
    .option('--faults <list>', 'which of them, with commas between (default: all)')
    .optionsGroup('Options:');
  addCommon(bench).action(async (flags: BenchFlags) => {
    const command = await import('../commands/bench.js');
    done(await command.bench(context, flags));
  });
};
