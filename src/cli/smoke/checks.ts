/** What a smoke test asserts, each in a line: what was found, and where that is not as it should be, what to do. */
import type { RecordedDocument } from '../benching/train-process.js';
import { formatCount, formatDuration, formatShare, shortDigest } from '../../report/format.js';
import type { Garbage } from '../../contract/garbage.js';
import type { ComparedRun } from '../../report/compare/run-figures.js';
import { count } from '../../report/compare/title.js';

export interface SmokeCheck {
  /** A mode, or what is looked at. */
  readonly name: string;
  /** `left-out`: this machine, or whoever asked, has it that it cannot be said. */
  readonly state: 'ok' | 'failed' | 'left-out';
  readonly text: string;
  /** What to do; null where nothing is. */
  readonly hint: string | null;
}

/** What became of one mode. */
export interface SmokeRun {
  readonly side: string;
  /** Undefined where there was no run. */
  readonly runId: string | undefined;
  /** Undefined of one that did not end by itself, too. */
  readonly run: ComparedRun | undefined;
  /** What went wrong, where there is no run to tell it. */
  readonly message: string | undefined;
  readonly hint: string | undefined;
  /** Undefined where it was not to be recorded. */
  readonly tracking: RecordedDocument | undefined;
}

const DEFECT = 'This is a defect in runner: please report it.';
/** That of the run itself tells of a later time, when these runs are gone. */
const TRACKING_HINT =
  '`runner doctor` says what is wrong with the server; --no-track and --mlflow do without it.';
const RUN_HINT = 'Keep the run with --runs-dir: its trainer.log and events.ndjson say more.';

const ok = (name: string, text: string): SmokeCheck => ({ name, state: 'ok', text, hint: null });
const failed = (name: string, text: string, hint: string | null = null): SmokeCheck => ({
  ...{ name, state: 'failed', text, hint },
});
const leftOut = (name: string, text: string, hint: string | null = null): SmokeCheck => ({
  ...{ name, state: 'left-out', text, hint },
});

export function checkRun({ side, run, message, hint = RUN_HINT }: SmokeRun): SmokeCheck {
  if (run === undefined) return failed(side, message ?? 'It ended without a word.', hint);
  const { spec, outcome } = run;
  const { status, training, resources } = outcome;
  if (status !== 'succeeded') return failed(side, outcome.message ?? `The run is ${status}.`, hint);
  const images = `${formatCount(spec.data.trainExamples)} images`;
  const accuracy =
    training.testAccuracy === undefined ? '' : `, test accuracy ${formatShare(training.testAccuracy, 1)}`;
  return ok(
    side,
    `${images}, ${count(training.epochsCompleted, 'epoch')} in ${formatDuration(resources.wallMs)}${accuracy}`,
  );
}

/** @param why there is no daemon */
export const withoutDocker = ({
  message,
  hint,
}: {
  readonly message: string;
  readonly hint: string;
}): SmokeCheck => leftOut('docker', message, hint);

/** Only those of runs that succeeded can be held against each other. */
export const successful = (runs: readonly SmokeRun[]): (SmokeRun & { readonly run: ComparedRun })[] =>
  runs.filter(
    (one): one is SmokeRun & { readonly run: ComparedRun } => one.run?.outcome.status === 'succeeded',
  );

/** The same spec makes the same weights, in whichever mode. */
export function checkWeights(runs: readonly SmokeRun[]): SmokeCheck {
  const name = 'weights';
  const digests = successful(runs).map(({ side, run }) => ({
    side,
    digest: run.outcome.training.weightsDigest,
  }));
  const [first] = digests;
  if (first === undefined || digests.length < 2) return failed(name, NOT_TWO);
  const lacking = digests.filter(({ digest }) => digest === null).map(({ side }) => side);
  if (lacking.length > 0) return failed(name, `No digest of ${lacking.join(' and ')}.`, DEFECT);
  if (digests.every(({ digest }) => digest === first.digest)) {
    return ok(name, `the same in every run, to the bit: ${shortDigest(first.digest)}`);
  }
  return failed(
    name,
    `Not the same: ${digests.map(({ side, digest }) => `${side} ${shortDigest(digest)}`).join(', ')}.`,
    'They may differ between kinds of processors only (docs/run-directory.md): keep the runs with --runs-dir, and compare specs and engines.',
  );
}

export const NOT_TWO = 'There are no two runs that have succeeded.';

/** @param page length of the page in bytes, and where it was written, if it was kept */
export const checkReport = (page: { readonly bytes: number; readonly path: string | null }): SmokeCheck =>
  ok(
    'report',
    `a page of ${Math.ceil(page.bytes / 1000)} kB${page.path === null ? '' : `, in ${page.path}`}`,
  );

export const reportFailed = (message: string, hint: string | null): SmokeCheck =>
  failed('report', message, hint);

export interface AskedTracking {
  readonly track: boolean;
  /** Of the smoke test itself: nobody can look at it afterwards. */
  readonly ownMlflow: boolean;
  /** Whether a server is named. */
  readonly hasServer: boolean;
}

export function checkTracking(
  runs: readonly SmokeRun[],
  { track, ownMlflow, hasServer }: AskedTracking,
): SmokeCheck {
  const name = 'tracking';
  if (!track) return leftOut(name, 'the runs are kept to this machine, as --no-track asks');
  if (!ownMlflow && !hasServer)
    return ok(name, 'in run directories alone: there is no tracking server to record at');
  const known = runs.filter(({ runId }) => runId !== undefined);
  if (known.length === 0) return failed(name, 'There is no run to record.');
  const missing = known.filter(({ tracking }) => tracking?.complete !== true);
  if (missing.length > 0) {
    const sides = missing.map(({ side }) => side).join(', ');
    const why = new Set(missing.map(({ tracking }) => tracking?.error?.message ?? 'Nothing was told of it.'));
    return failed(name, `Not recorded: ${sides}. ${[...why].join(' ')}`, TRACKING_HINT);
  }
  const where = ownMlflow ? 'at an MLflow of its own' : `the last as ${known.at(-1)?.tracking?.url ?? '–'}`;
  return ok(name, `${count(known.length, 'run')} recorded, ${where}`);
}

/** @param pids of those that have outlived their runs; null where the system does not show them */
export function checkProcesses(pids: readonly number[] | null): SmokeCheck {
  const name = 'processes';
  if (pids === null) return leftOut(name, 'this system does not show those of others');
  if (pids.length === 0) return ok(name, 'none is left');
  return failed(
    name,
    `Of the runs ${pids.length === 1 ? 'a process was' : `${pids.length} processes were`} left, and had to be ended: ${pids.join(', ')}.`,
    DEFECT,
  );
}

export function checkDaemon(things: readonly Pick<Garbage, 'kind' | 'name'>[], address: string): SmokeCheck {
  const name = 'containers';
  if (things.length === 0) return ok(name, `no container and no volume is left at ${address}`);
  const named = things.map((thing) => `${thing.kind} ${thing.name}`).join(', ');
  return failed(name, `Left at ${address}, and removed now where that can be: ${named}.`, DEFECT);
}

/** @param names in the folder that the runs had for temporary files */
export function checkFiles(names: readonly string[]): SmokeCheck {
  const name = 'temporary files';
  return names.length === 0
    ? ok(name, 'none is left')
    : failed(name, `Left, and removed now: ${names.join(', ')}.`, DEFECT);
}
