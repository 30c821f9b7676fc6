/** A run as it is told to a server: what its directory says, and under which experiment. */
import { experimentNameOf } from '../contract/run-request.js';
import type { LogTools } from './log-tools.js';
import type { DescribedRun } from './record/describe-run.js';
import type { Evaluation } from './record/evaluation-file.js';
import type { RecordOptions, RunToRecord } from './tracking.js';

/** What the record is made of, as far as it is there by now. */
export async function describedRun(
  { runId, spec, outcome, request }: RunToRecord,
  evaluation: Evaluation | null,
  { environment }: Pick<LogTools, 'environment'>,
): Promise<DescribedRun> {
  const startedAt = outcome?.startedAt ?? request?.startedAt ?? 0;
  return {
    ...{ runId, spec, outcome, evaluation, startedAt },
    environment: request?.origin ?? (await environment()),
    ...(request === undefined ? {} : { request }),
  };
}

export const experimentOf = (
  { spec, request }: RunToRecord,
  { experiment }: Pick<RecordOptions, 'experiment'>,
): string => experiment ?? experimentNameOf(spec, request);
