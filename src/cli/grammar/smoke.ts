import { BENCH_SETTINGS } from '../options.js';
import type { SmokeFlags } from '../smoke/ask.js';
import { addCommon, addSettings } from './common.js';
import type { AddCommands } from './common.js';

/** `runner smoke` */
export const addSmoke: AddCommands = (program, context, done) => {
  const smoke = program
    .command('smoke')
    .description('train briefly in every mode: same bits, nothing left behind')
    .option(
      '--modes <list>',
      'with commas between (default: inprocess, process and, where a daemon answers, docker)',
    )
    .option('--epochs <n>', 'passes over 2,000 images of the training data (default: 1)')
    .option('--runs-dir <dir>', 'folder that keeps the runs (default: one that is removed)')
    .option('--output <file>', 'write the comparison of the runs as a page to a file')
    .option(
      '--summary <file>',
      'write checks and comparison as Markdown to a file (default: GITHUB_STEP_SUMMARY, appended)',
    )
    .option('--mlflow', 'record the runs at an MLflow of its own, which is started and removed with it');
  // Variables and files are for runs that are kept, and take longer.
  const own = ['epochs', 'runsDir'];
  addSettings(
    smoke,
    BENCH_SETTINGS.filter((name) => !own.includes(name)),
  );
  smoke.option('--quiet', 'no progress');
  addCommon(smoke).action(async (flags: SmokeFlags) => {
    const command = await import('../commands/smoke.js');
    done(await command.smoke(context, flags));
  });
};
