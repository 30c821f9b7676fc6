import type { DescribedRun } from './describe-run.js';
import { noteOf } from './note.js';

/** By it a run is found again on the server. */
export const RUN_ID_TAG = 'runner.run_id';
/** What a run's page shows as its description, and lets people write. */
export const DESCRIPTION_TAG = 'mlflow.note.content';

/**
 * What a run is told apart and searched by. Those that MLflow's own page shows have MLflow's names; what is not known
 * has no tag. They may be written again: a run that goes on has `runner.status` = `running`.
 */
export function tagsOf(run: DescribedRun): {
  readonly known: ReadonlyMap<string, string>;
  /** Those of its own for which it has no value; what stands under one of MLflow's may be somebody else's. */
  readonly absent: readonly string[];
} {
  const { runId, spec, outcome, request, environment } = run;
  const tags: Readonly<Record<string, string | number | null | undefined>> = {
    ...request?.tags,
    [RUN_ID_TAG]: runId,
    'runner.job': spec.job,
    'runner.mode': spec.mode,
    'runner.status': outcome?.status ?? 'running',
    'runner.reason': outcome?.reason,
    'runner.message': outcome?.message,
    'runner.exit_code': outcome?.exitCode,
    'runner.signal': outcome?.signal,
    'runner.weights_digest': outcome?.training.weightsDigest,
    'runner.engine': `${spec.engine.name} ${spec.engine.version}`,
    'runner.engine_step': outcome?.training.engineStep,
    'runner.image': outcome?.image?.tag ?? spec.container?.image,
    'runner.image_id': outcome?.image?.id,
    'runner.host': environment.host,
    'runner.version': environment.runnerVersion,
    'runner.key': request?.key,
    'mlflow.user': environment.user,
    'mlflow.source.type': 'LOCAL',
    'mlflow.source.name': 'runner',
    'mlflow.source.git.commit': environment.gitCommit,
    [DESCRIPTION_TAG]: noteOf(run),
  };
  const known = new Map<string, string>();
  const absent: string[] = [];
  for (const [key, value] of Object.entries(tags)) {
    if (value !== null && value !== undefined) known.set(key, String(value));
    else if (key.startsWith('runner.')) absent.push(key);
  }
  return { known, absent };
}
