import type { ListFlags } from '../commands/runs.js';
import type { Flags } from '../context.js';
import type { ProgressFlags } from '../progress/choose.js';
import { addCommon, addHelpCommand, addProgress, addSettings, addTags, RUN_HELP } from './common.js';
import type { AddCommands } from './common.js';

/** `runner evaluate`, `runner runs …` and `runner recover` */
export const addRuns: AddCommands = (program, context, done) => {
  const load = () => import('../commands/runs.js');
  const evaluate = program
    .command('evaluate')
    .description('evaluate the kept weights of a run on the test images')
    .argument('<run>', RUN_HELP);
  addSettings(evaluate, ['dataDir', 'runsDir'], { dataDir: "the run's" });
  addCommon(evaluate).action(async (query: string, flags: Flags) => {
    const command = await import('../commands/evaluate.js');
    done(await command.evaluate(context, query, flags));
  });

  const runs = program.command('runs').description('look at the runs there are, and look after them');
  addHelpCommand(runs);
  const ls = runs.command('ls').description('list the runs, newest first');
  addSettings(ls, ['runsDir']);
  addTags(ls, 'only runs that have this tag; may be given again, and all must match');
  addCommon(ls).action(async (flags: ListFlags) => {
    done(await (await load()).listAll(context, flags));
  });

  const show = runs.command('show').description('show one run').argument('<run>', RUN_HELP);
  addSettings(show, ['runsDir']);
  addCommon(show).action(async (query: string, flags: Flags) => {
    done(await (await load()).show(context, query, flags));
  });

  const attach = runs
    .command('attach')
    .description('watch a run that goes on; finish one whose process has died')
    .argument('<run>', RUN_HELP);
  addSettings(attach, ['runsDir', 'log']);
  addProgress(attach);
  addCommon(attach).action(async (query: string, flags: Flags & ProgressFlags) => {
    const command = await import('../commands/attach.js');
    done(await command.attach(context, query, flags));
  });

  const stop = runs
    .command('stop')
    .description('let runs finish their step, write a checkpoint and end')
    .argument('<run...>', RUN_HELP);
  addSettings(stop, ['runsDir']);
  addCommon(stop).action(async (queries: string[], flags: Flags) => {
    const command = await import('../commands/stop.js');
    done(await command.stop(context, queries, flags));
  });

  const rm = runs
    .command('rm')
    .description('remove runs and all that they hold')
    .argument('<run...>', RUN_HELP);
  addSettings(rm, ['runsDir']);
  rm.option('--force', 'remove a run that is still running, or that could be recovered, too');
  addCommon(rm).action(async (queries: string[], flags: Flags & { force?: boolean }) => {
    done(await (await load()).remove(context, queries, flags));
  });

  const recover = program.command('recover').description('finish the runs whose process has died');
  addSettings(recover, ['runsDir']);
  addCommon(recover).action(async (flags: Flags) => {
    const command = await import('../commands/recover.js');
    done(await command.recover(context, flags));
  });
};
