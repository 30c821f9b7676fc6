import { toRunnerError } from '../../common/errors.js';
import { streamEvents } from '../../common/stream-events.js';
import { runPath } from '../../contract/run-directory.js';
import { CurveCollector } from '../../report/compare/curves/run-curves.js';
import type { RunCurves } from '../../report/compare/curves/run-curves.js';
import type { SideRun } from './side-run.js';

export interface CurvesRead {
  readonly curves: RunCurves;
  /** Why they end early, as a sentence; null if they do not. */
  readonly remark: string | null;
}

/** The curves of a run, from one pass over its events: as far as those can be read, for the rest of a report is right. */
export async function readCurves({ runId, runDir, spec, startedAt }: SideRun): Promise<CurvesRead> {
  const { batchSize } = spec.hyperparameters;
  const collector = new CurveCollector({ startedAt, batchSize });
  try {
    for await (const event of streamEvents(runPath(runDir, 'events'))) collector.add(event);
    return { curves: collector.curves, remark: null };
  } catch (thrown) {
    const error = toRunnerError(thrown);
    if (error.code === 'internal') throw error;
    const remark = `The curves of run ${runId} end where its events cannot be read: ${error.message}`;
    return { curves: collector.curves, remark };
  }
}
