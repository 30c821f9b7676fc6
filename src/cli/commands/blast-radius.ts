import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { toRunnerError } from '../../common/errors.js';
import { toJson } from '../../common/json.js';
import { FAULTS } from '../../contract/blast-radius.js';
import { EXIT, RunnerError } from '../../contract/errors.js';
import type { RunMode } from '../../contract/run-spec.js';
import type { BlastCase, BlastRadius } from '../../report/blast-radius/cases.js';
import { renderMarkdown } from '../../report/blast-radius/render-markdown.js';
import { renderTerminal } from '../../report/blast-radius/render-terminal.js';
import { printable } from '../../report/printable.js';
import { BOUNDS_IN_WORDS } from '../blast-radius/bounds.js';
import { runCase } from '../blast-radius/run-case.js';
import type { CaseSurroundings } from '../blast-radius/run-case.js';
import { chooseFormat } from '../comparison/formats.js';
import type { FormatFlags, ReportFormat } from '../comparison/formats.js';
import { writeReport } from '../comparison/write-report.js';
import type { CliContext, Flags } from '../context.js';
import { wantsColour } from '../io.js';
import { DEFAULT_JOB } from '../options.js';
import { setupReporter } from '../progress/setup.js';
import type { PreparedEngine } from '../services.js';
import { listenForSignals, unlessAborted } from '../signals.js';

export interface BlastRadiusFlags extends Flags, FormatFlags {
  /** Names, with commas between. */
  readonly modes?: string;
  readonly faults?: string;
}

const MODES = ['inprocess', 'process', 'docker'] as const satisfies readonly RunMode[];
type Mode = (typeof MODES)[number];

/** `runner bench --blast-radius`: the same faults in each mode, and what they harm. @returns the exit status */
export async function blastRadius(context: CliContext, flags: BlastRadiusFlags): Promise<number> {
  const { io, output, signals, clock } = context;
  const format = chooseFormat(flags, output);
  const render = rendererOf(format);
  const modes = listOf('--modes', flags.modes, MODES);
  const faults = listOf('--faults', flags.faults, FAULTS);
  const reporter = setupReporter(io.stderr, io.env);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => {
      reporter.finish();
      output.note('Ending the case that is under way, and clearing it away.');
    },
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const surroundings = await prepare(context, modes, { signal, isAsked: flags.modes !== undefined });
  const cases: BlastCase[] = [];
  const all = faults.flatMap((fault) => modes.map((mode) => ({ fault, mode })));
  try {
    for (const [index, one] of all.entries()) {
      signal.throwIfAborted();
      const title = `${index + 1} of ${all.length}: ${one.fault}, ${one.mode}`;
      reporter.onSetup({ title, share: index / all.length });
      const { noDocker } = surroundings;
      if (one.mode === 'docker' && noDocker !== undefined) cases.push({ ...one, notRun: noDocker });
      else cases.push(await runCase(one, surroundings));
    }
  } finally {
    reporter.finish();
  }
  const result = { ...describeMachine(clock.now()), cases };
  await present(context, flags, { result, text: render(result, wantsColour(io.stdout, io.env)) });
  return EXIT.succeeded;
}

async function present(
  { io, output }: CliContext,
  flags: BlastRadiusFlags,
  { result, text }: { readonly result: BlastRadius; readonly text: string },
): Promise<void> {
  if (flags.output === undefined) {
    output.result(result, () => text);
    return;
  }
  const path = resolve(io.cwd, flags.output);
  await writeReport(path, `${text}\n`);
  output.result(result, () => undefined);
  output.note(printable(`The report is in ${path}.`));
}

type Render = (result: BlastRadius, colour: boolean) => string;

/** @throws RunnerError `usage` for a form that only comparisons have */
function rendererOf(format: ReportFormat): Render {
  switch (format) {
    case 'terminal':
      return (result, colour) => renderTerminal(result, { colour });
    case 'json':
      return (result) => toJson(result, 2);
    case 'markdown':
      return (result) => renderMarkdown(result);
    default:
      throw new RunnerError('usage', `--format ${format}: there is no such form of the blast radius.`, {
        hint: 'Take terminal, json or markdown.',
      });
  }
}

/** In their own order, each once. @throws RunnerError `usage` */
function listOf<T extends string>(
  flag: string,
  given: string | undefined,
  known: readonly T[],
): readonly T[] {
  if (given === undefined) return known;
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new RunnerError('usage', `${flag}: there is no ${JSON.stringify(unknown)}.`, {
      hint: `Name some of ${known.join(', ')}, with commas between.`,
    });
  }
  return known.filter((name) => names.includes(name));
}

interface Prepared extends CaseSurroundings {
  /** Why there are no containers, where there are none. */
  readonly noDocker: string | undefined;
}

/** What takes long is done before the first case, and no part of it. */
async function prepare(
  context: CliContext,
  modes: readonly Mode[],
  { signal, isAsked }: { readonly signal: AbortSignal; readonly isAsked: boolean },
): Promise<Prepared> {
  const { io, output, services } = context;
  const reporter = setupReporter(io.stderr, io.env);
  const job = await services.findJob(DEFAULT_JOB);
  const engine = await unlessAborted(signal, () =>
    services.prepareEngine({ onProgress: reporter.onSetup, signal }),
  );
  const base = { env: io.env, dataDir: job.defaultDataDir(), signal };
  try {
    const docker = modes.includes('docker') ? await prepareDocker(context, engine, signal) : undefined;
    return { ...base, docker, noDocker: undefined };
  } catch (error) {
    signal.throwIfAborted();
    // Who has asked for containers is not content without.
    if (isAsked) throw error;
    const { message } = toRunnerError(error);
    output.note(printable(`There are no containers to be had, and so no faults in them: ${message}`));
    return { ...base, docker: undefined, noDocker: message };
  } finally {
    reporter.finish();
  }
}

async function prepareDocker(
  { io, output, services }: CliContext,
  engine: PreparedEngine,
  signal: AbortSignal,
): Promise<NonNullable<CaseSurroundings['docker']>> {
  const reporter = setupReporter(io.stderr, io.env);
  const daemon = await unlessAborted(signal, () => services.connectDaemon({ env: io.env, signal }));
  const image = await daemon.ensureImage({
    ...{ engine, gpu: false, builder: 'auto', signal },
    onProgress: reporter.onSetup,
    onNotice: (text) => output.note(printable(text)),
  });
  reporter.finish();
  return { daemon, image: image.tag };
}

const describeMachine = (takenAt: number): Omit<BlastRadius, 'cases'> => ({
  ...{ schemaVersion: 1, takenAt, bounds: BOUNDS_IN_WORDS },
  machine: {
    ...{ platform: `${process.platform}-${process.arch}`, cpus: availableParallelism() },
    ...{ memoryBytes: totalmem(), node: process.versions.node },
  },
});
