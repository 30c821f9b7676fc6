import type { TrainFlags } from '../commands/train.js';
import { SETTING_NAMES } from '../options.js';
import { addCommon, addProgress, addSettings, addTags } from './common.js';
import type { AddCommands } from './common.js';

/** `runner train` */
export const addTrain: AddCommands = (program, context, done) => {
  const command = program.command('train').description('train a job and keep the run');
  addSettings(command, SETTING_NAMES);
  command
    .option('--evaluate', 'evaluate on the test images before the run ends')
    .option('--key <name>', 'your name for the run: the same key never trains twice')
    .option('--retry', 'with --key: train anew where the run of that key has ended badly')
    .option('--live', 'send metrics to the tracking server while it trains')
    .option('--require-tracking', 'fail (exit status 4) where the run cannot be recorded')
    .option('--register <name>', 'make its model a version of this registered model')
    .option('--print-spec', 'show each setting and where it came from, and train nothing');
  addTags(command, 'a tag of the run, here and at the tracking server; may be given again');
  addProgress(command);
  addCommon(command).action(async (flags: TrainFlags) => {
    const { train } = await import('../commands/train.js');
    done(await train(context, flags));
  });
};
