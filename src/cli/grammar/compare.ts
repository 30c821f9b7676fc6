import { Option } from 'commander';
import type { CompareFlags } from '../commands/compare.js';
import { REPORT_FORMATS } from '../comparison/formats.js';
import { addCommon, addSettings, RUN_HELP } from './common.js';
import type { AddCommands } from './common.js';

/** `runner compare` */
export const addCompare: AddCommands = (program, context, done) => {
  const compare = program
    .command('compare')
    .description('compare runs of different modes: what isolation costs')
    .argument('[run...]', `${RUN_HELP}; default: the latest of each mode that share a spec`);
  addSettings(compare, ['runsDir']);
  compare
    .addOption(
      new Option(
        '--format <format>',
        'form of the report (default: what the name of --output says, else terminal)',
      ).choices(REPORT_FORMATS),
    )
    .option('--output <file>', 'write the report to a file')
    .option(
      '--fail-if <condition>',
      "end with status 1 where it holds, such as 'docker.imagesPerSecond < 0.95 * inprocess.imagesPerSecond' (docs/report.md)",
    )
    .option('--force', 'compare also what is not of one spec, or has not succeeded');
  addCommon(compare).action(async (queries: string[], flags: CompareFlags) => {
    const command = await import('../commands/compare.js');
    done(await command.compare(context, queries, flags));
  });
};
