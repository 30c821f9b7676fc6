import type { LogFlags } from '../commands/log.js';
import type { SyncFlags } from '../commands/sync.js';
import type { UiFlags } from '../commands/ui.js';
import { addCommon, addSettings, RUN_HELP } from './common.js';
import type { AddCommands } from './common.js';

/** `runner log`, `runner sync` and `runner ui` */
export const addTracking: AddCommands = (program, context, done) => {
  const log = program
    .command('log')
    .description('record runs at the tracking server')
    .argument('<run...>', RUN_HELP);
  addSettings(log, ['trackingUri', 'experiment', 'runsDir']);
  log
    .option('--register <name>', 'make the model a version of this registered model')
    .option('--again', 'record as a new run what was deleted on the server')
    .option('--verify', 'ask for every point, and read every artifact back to compare its sha256')
    .option('--quiet', 'no progress');
  addCommon(log).action(async (queries: string[], flags: LogFlags) => {
    const command = await import('../commands/log.js');
    done(await command.log(context, queries, flags));
  });

  const sync = program.command('sync').description('record every run that the tracking server lacks');
  addSettings(sync, ['trackingUri', 'experiment', 'runsDir']);
  sync
    .option('--verify', 'ask for every point of every run, and read every artifact back')
    .option('--quiet', 'no progress');
  addCommon(sync).action(async (flags: SyncFlags) => {
    const command = await import('../commands/sync.js');
    done(await command.sync(context, flags));
  });

  const ui = program.command('ui').description('show all runs in an MLflow of your own, until Ctrl-C');
  addSettings(ui, ['runsDir', 'experiment']);
  ui.option('--port <n>', 'port of this machine that it listens at (default: 5000, or a free one)').option(
    '--open',
    'open it in the browser',
  );
  addCommon(ui).action(async (flags: UiFlags) => {
    const command = await import('../commands/ui.js');
    done(await command.ui(context, flags));
  });
};
