/** What the page shows beside the report, read from the directories of the runs that stand for their sides. */
import { readJsonFile } from '../../common/json-file.js';
import { artifactPath } from '../../contract/run-directory.js';
import type { ReportPage, SideMatrix } from '../../report/compare/html/page-parts.js';
import type { Report } from '../../report/compare/report.js';
import { runEvaluationSchema } from '../../report/compare/run-evaluation.js';
import type { RunFigures } from '../../report/compare/run-figures.js';
import { MOST_SIDES } from '../../report/compare/shown-part.js';
import type { Services } from '../services.js';
import { readCurves } from './read-curves.js';
import { readDisagreement } from './read-disagreement.js';
import { expected, openSideRun } from './side-run.js';
import type { SideRun } from './side-run.js';
import type { PageSource } from './run-source.js';

interface Surroundings {
  readonly source: PageSource;
  readonly services: Pick<Services, 'findJob'>;
}

/** Whatever cannot be read is left out and told: the figures of the report are right without it. */
export async function readPage(report: Report, { source, services }: Surroundings): Promise<ReportPage> {
  const remarks: string[] = [];
  const newest = async (wanted: (run: RunFigures) => boolean): Promise<SideRun[]> => {
    const sides = report.sides.slice(0, MOST_SIDES);
    const opened = sides.map(({ name, runs }) => {
      const run = runs.findLast(wanted);
      return run === undefined ? Promise.resolve(undefined) : openSideRun(name, run, { source, remarks });
    });
    return (await Promise.all(opened)).filter((run) => run !== undefined);
  };
  const courses = await Promise.all(
    (await newest(() => true)).map(async (run) => {
      const { curves, remark } = await readCurves(run);
      if (remark !== null) remarks.push(remark);
      return { side: run.side, runId: run.runId, curves };
    }),
  );
  const evaluated = await newest(({ perClass }) => perClass.length > 0);
  const matrices = await Promise.all(evaluated.map((run) => readMatrix(run, remarks)));
  // Of equal weights it is known that they agree.
  const disagreement =
    report.weights.same === true ? null : await readDisagreement(evaluated, { services, remarks });
  return {
    ...{ report, courses, disagreement },
    matrices: matrices.filter((matrix) => matrix !== undefined),
    remarks: [...new Set(remarks)],
  };
}

/** Undefined of an evaluation that has no matrix, or one that is not square. */
async function readMatrix(
  { side, runId, runDir }: SideRun,
  remarks: string[],
): Promise<SideMatrix | undefined> {
  try {
    const evaluation = await readJsonFile(artifactPath(runDir, 'evaluation'), runEvaluationSchema);
    const { confusionMatrix: matrix, perClass = [] } = evaluation ?? {};
    if (matrix === undefined) return undefined;
    const classNames = perClass.map(({ className }) => className);
    const square = [matrix, ...matrix].every(({ length }) => length === classNames.length);
    return square ? { side, runId, classNames, matrix } : undefined;
  } catch (thrown) {
    remarks.push(`The confusion matrix of ${side} is left out: ${expected(thrown)}`);
    return undefined;
  }
}
