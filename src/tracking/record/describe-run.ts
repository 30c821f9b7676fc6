import type { RunOutcome, RunStatus } from '../../contract/run-outcome.js';
import type { RunRequestRecord } from '../../contract/run-request.js';
import type { RunSpec } from '../../contract/run-spec.js';
import { cutTo, MOST_PARAM_CHARACTERS, MOST_TAG_CHARACTERS } from './cut.js';
import { datasetsOf } from './datasets.js';
import type { Evaluation } from './evaluation-file.js';
import { finalFigures } from './final-points.js';
import { serverKey } from './keys.js';
import { paramsOf } from './params.js';
import type { EndStatus, Entry, RunRecord } from './run-record.js';
import { tagsOf } from './tags.js';

/** What a run directory says of a run, and where it ran. */
export interface DescribedRun {
  readonly runId: string;
  readonly spec: RunSpec;
  /** Null while the run goes on. */
  readonly outcome: RunOutcome | null;
  readonly request?: RunRequestRecord | undefined;
  /** Null if it was not evaluated. */
  readonly evaluation: Evaluation | null;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly environment: {
    readonly host: string;
    readonly gitCommit?: string | undefined;
    readonly user?: string | undefined;
    readonly runnerVersion: string;
  };
}

/**
 * A server knows three ends. A run that somebody stopped was killed; one that ran out of its time or was lost has
 * failed at what it was to do, though nobody chose that. The tag `runner.status` has the true one.
 */
const END_STATUS: Readonly<Record<RunStatus, EndStatus>> = {
  succeeded: 'FINISHED',
  failed: 'FAILED',
  'timed-out': 'FAILED',
  lost: 'FAILED',
  cancelled: 'KILLED',
};

/** A run as a tracking server is to hold it: the same run gives the same record. */
export function describeRun(run: DescribedRun): RunRecord {
  const { runId, spec, outcome, evaluation } = run;
  const cut: { kind: 'param' | 'tag'; key: string; value: string }[] = [];
  const renamed: Record<string, string> = {};
  const entries = (kind: 'param' | 'tag', values: ReadonlyMap<string, string>, most: number): Entry[] =>
    [...values].map(([wanted, value]) => {
      const key = serverKey(wanted);
      if (key !== wanted) renamed[wanted] = key;
      if (value.length > most) cut.push({ kind, key, value });
      return { key, value: cutTo(value, most) };
    });

  const figures = outcome === null ? [] : finalFigures(outcome, evaluation);
  for (const { wanted, key } of figures) if (key !== wanted) renamed[wanted] = key;
  const { known, absent } = tagsOf(run);
  const endMs = Math.round(outcome?.endedAt ?? 0);
  const evaluated = evaluation !== null || outcome?.training.testLoss !== undefined;
  return {
    key: runId,
    name: `${spec.job}-${spec.mode}-${runId.slice(-6)}`,
    startTimeMs: Math.round(run.startedAt),
    end: outcome === null ? null : { status: END_STATUS[outcome.status], timeMs: endMs },
    params: entries('param', paramsOf(spec), MOST_PARAM_CHARACTERS),
    tags: entries('tag', known, MOST_TAG_CHARACTERS),
    absentTags: absent,
    datasets: datasetsOf(spec, { evaluated }),
    finalPoints: figures.map(({ key, value }) => ({ key, value, timestamp: endMs, step: 0 })),
    cut,
    renamed,
  };
}
