import { RUN_ID_PATTERN } from '../../contract/run-directory.js';
import type { WholeRun } from '../mlflow/runs.js';
import { phaseKey } from '../record/final-points.js';
import { RUN_ID_TAG } from '../record/tags.js';
import type { RecordedRun } from './recorded-runs.js';

/** Null for a run that is none of ours. Its id becomes the name of a folder: what is no run id is nobody's. */
export function describeRecorded(
  { run, params, tags, metrics, startTimeMs }: WholeRun,
  experiment: string | undefined,
): RecordedRun | null {
  const own = Object.fromEntries(
    tags.filter(({ key }) => !key.startsWith('mlflow.')).map(({ key, value }) => [key, value]),
  );
  const runId = own[RUN_ID_TAG] ?? '';
  if (!RUN_ID_PATTERN.test(runId)) return null;
  const phases = phasesOf(metrics);
  const asked = askedOf(params, { evaluated: 'evaluate' in phases });
  return {
    ...{ runId, mlflowRunId: run.id, artifactUri: run.artifactUri, experiment, tags: own, phases },
    deleted: run.lifecycleStage === 'deleted',
    status: own['runner.status'] ?? (run.status === 'RUNNING' ? 'running' : undefined),
    startedAt: startTimeMs,
    ...{ asked, likeness: JSON.stringify(Object.entries(asked)) },
  };
}

/** Those by which sides and specs are told apart. */
const TELLING = ['train', 'trainerStartup', 'evaluate'];

const phasesOf = (metrics: WholeRun['metrics']): RecordedRun['phases'] =>
  Object.fromEntries(
    TELLING.flatMap((name) => {
      const ms = metrics.get(phaseKey(name));
      return ms === undefined ? [] : [[name, ms]];
    }),
  );

/**
 * What a run had to do: of its parameters those that make the spec by which runs are compared, and whether it was
 * evaluated. Where and with what it did that may differ, and so may what changes no bit.
 */
const ASKED = /^(?!mode$)[^.]+$|^engine\.(?!(?:steps_per_call|prefetch)$)|^data\.digest$/;

function askedOf(
  params: WholeRun['params'],
  { evaluated }: { readonly evaluated: boolean },
): RecordedRun['asked'] {
  const asked = params
    .filter(({ key }) => ASKED.test(key))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  return {
    ...Object.fromEntries(asked.map(({ key, value }) => [key, value])),
    evaluated: String(evaluated),
  };
}

/**
 * Of records of one run that which is not deleted, has come further, was made first: whoever asks gets the same one.
 */
function furtherOf(one: RecordedRun, other: RecordedRun): RecordedRun {
  if (one.deleted !== other.deleted) return one.deleted ? other : one;
  const ended = ({ status }: RecordedRun): boolean => status !== undefined && status !== 'running';
  if (ended(one) !== ended(other)) return ended(one) ? one : other;
  if (one.startedAt !== other.startedAt) return one.startedAt < other.startedAt ? one : other;
  return one.mlflowRunId < other.mlflowRunId ? one : other;
}

/** One record a run; the newest run first, as a runs directory has them. */
export function onceEach(recorded: readonly RecordedRun[]): readonly RecordedRun[] {
  const byRunId = new Map<string, RecordedRun>();
  for (const run of recorded) {
    const known = byRunId.get(run.runId);
    byRunId.set(run.runId, known === undefined ? run : furtherOf(known, run));
  }
  return [...byRunId.values()].sort((one, other) => (one.runId < other.runId ? 1 : -1));
}
