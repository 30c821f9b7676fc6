/** The run that stands for its side where one has to: the newest. */
import { join } from 'node:path';
import { toRunnerError } from '../../common/errors.js';
import { exists } from '../../common/exists.js';
import type { RunSpec } from '../../contract/run-spec.js';
import { readRun } from '../../orchestrator/read-run.js';
import type { RunFigures } from '../../report/compare/run-figures.js';
import type { PageSource } from './run-source.js';

export interface SideRun {
  readonly side: string;
  readonly runId: string;
  readonly runDir: string;
  readonly spec: RunSpec;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

interface Opening {
  readonly source: PageSource;
  /** Is added to where the run has no directory there, or none that can be read. */
  readonly remarks: string[];
}

/** @returns undefined of a run that cannot be read */
export async function openSideRun(
  side: string,
  { runId, startedAt }: RunFigures,
  { source, remarks }: Opening,
): Promise<SideRun | undefined> {
  const { runsDir } = source;
  const runDir = join(runsDir, runId);
  const isHere = await exists(runDir);
  if (!isHere) {
    remarks.push(
      `Run ${runId} has no directory in ${runsDir}: what is drawn of single runs leaves out ${side}.`,
    );
    return undefined;
  }
  try {
    await source.fetchCourse?.(runId);
    const { spec } = await readRun({ runId, runDir });
    return { side, runId, runDir, spec, startedAt };
  } catch (thrown) {
    remarks.push(`What is drawn of single runs leaves out ${side}: ${expected(thrown)}`);
    return undefined;
  }
}

/** What went wrong, where that is no mistake of ours and nobody has stopped us. @throws it otherwise */
export function expected(thrown: unknown): string {
  const error = toRunnerError(thrown);
  if (['internal', 'interrupted', 'terminated', 'hung-up'].includes(error.code)) throw error;
  return error.message;
}
