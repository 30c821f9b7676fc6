import { RunnerError } from '../../contract/errors.js';
import { askedBench, flagOf } from '../benching/ask.js';
import type { BenchRequestFlags } from '../benching/ask.js';
import { reportOf } from '../benching/report.js';
import { benchReporter, silentBenchReporter } from '../benching/reporter.js';
import { runBench } from '../benching/run-bench.js';
import { readReportFlags, tellReport } from '../comparison/tell-report.js';
import type { ReportFlags } from '../comparison/tell-report.js';
import type { CliContext } from '../context.js';
import { noteBeside } from '../note-beside.js';
import { listenForSignals } from '../signals.js';
import type { BlastRadiusFlags } from './blast-radius.js';

export interface BenchFlags extends BenchRequestFlags, ReportFlags, BlastRadiusFlags {
  readonly modes?: string;
  readonly quiet?: boolean;
  readonly blastRadius?: boolean;
}

/**
 * `runner bench`: what isolation costs, by runs of several modes in interleaved rounds and their comparison; or what it
 * buys, by the same faults in each mode.
 * @returns the exit status, as of `runner compare`
 */
export async function bench(context: CliContext, flags: BenchFlags): Promise<number> {
  if (flags.blastRadius === true) {
    requireNoOther(flags);
    const { blastRadius } = await import('./blast-radius.js');
    return await blastRadius(context, flags);
  }
  if (flags.faults !== undefined) {
    throw new RunnerError('usage', '--faults is for --blast-radius.', { hint: 'Add --blast-radius.' });
  }
  const { io, output, signals, clock } = context;
  const request = readReportFlags(flags, context);
  const asked = await askedBench(context, flags);
  const silent = output.json || flags.quiet === true;
  const reporter = silent ? silentBenchReporter : benchReporter(io.stderr, io.env);
  const note = noteBeside(reporter, output);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => note('Ending the run that goes on; press Ctrl-C again to leave at once.'),
    onSecond: (status) => io.exit(status),
  });
  const state = await runBench(asked, { context, reporter, note, signal: interruption.signal }).finally(() =>
    reporter.finish(),
  );
  const { report, summary } = await reportOf(asked.runsDir, asked.plan, state);
  return await tellReport(context, report, request, { runsDir: asked.runsDir, members: { bench: summary } });
}

const OF_BLAST_RADIUS = ['blastRadius', 'modes', 'faults', 'format', 'output', 'json', 'debug'];

/** @throws RunnerError `usage` for what only rounds of runs have */
function requireNoOther(flags: BenchFlags): void {
  const other = Object.keys(flags).find(
    (name) => flags[name] !== undefined && !OF_BLAST_RADIUS.includes(name),
  );
  if (other === undefined) return;
  throw new RunnerError('usage', `${flagOf(other)} has no part in --blast-radius.`, {
    hint: `Leave it out: --blast-radius takes ${OF_BLAST_RADIUS.slice(1).map(flagOf).join(', ')}.`,
  });
}
