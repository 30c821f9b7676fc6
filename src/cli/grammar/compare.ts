import { Option } from 'commander';
import type { Command } from 'commander';
import type { CompareFlags } from '../commands/compare.js';
import { REPORT_FORMATS } from '../comparison/formats.js';
import { RUN_SOURCES } from '../comparison/run-source.js';
import { addCommon, addSettings, addTags, oneOf, RUN_HELP } from './common.js';
import type { AddCommands } from './common.js';

/** `runner compare` */
export const addCompare: AddCommands = (program, context, done) => {
  const compare = program
    .command('compare')
    .description('compare runs of different modes: what isolation costs')
    .argument('[run...]', `${RUN_HELP}; default: the latest of each mode that share a spec`);
  addSettings(compare, ['runsDir']);
  addTags(compare, 'the runs that have this tag; may be given again, and all must match');
  compare
    .option('--experiment <name>', 'the runs of this experiment')
    .addOption(
      oneOf(
        RUN_SOURCES,
        new Option(
          '--from <where>',
          'where the runs are: disk (the runs directory) or mlflow (a tracking server)',
        ),
      ).default('disk'),
    )
    .option('--tracking-uri <uri>', 'the server of --from mlflow (MLFLOW_TRACKING_URI)');
  addReportOptions(compare);
  compare
    .option('--force', 'compare also what is not of one spec, or has not succeeded')
    .option(
      '--scaling',
      'of runs that differ in their epochs only: what a run costs, and what an epoch adds',
    );
  addCommon(compare).action(async (queries: string[], flags: CompareFlags) => {
    const command = await import('../commands/compare.js');
    done(await command.compare(context, queries, flags));
  });
};

/** Of the commands that end in a comparison. */
export const addReportOptions = (command: Command): Command =>
  command
    .addOption(
      oneOf(
        REPORT_FORMATS,
        new Option(
          '--format <format>',
          'form of the report (default: what the name of --output says, else terminal)',
        ),
      ),
    )
    .option('--output <file>', 'write the report to a file')
    .option(
      '--open',
      'write it as a page (default: report.html in the runs directory) and show that in a browser',
    )
    .option(
      '--fail-if <condition>',
      "end with status 1 where it holds, such as 'docker.imagesPerSecond < 0.95 * inprocess.imagesPerSecond' (docs/report.md)",
    );
