/** Pages of the report, made of runs that never were. */
import type { RunCurves } from '../../../../src/report/compare/curves/run-curves.js';
import { NO_CURVES } from '../../../../src/report/compare/curves/run-curves.js';
import type { ReportPage } from '../../../../src/report/compare/html/page-parts.js';
import { createReport } from '../../../../src/report/compare/report.js';
import { comparedRun, DIGEST, EVALUATION, rounds } from './runs.js';

/** What a run, a data set or a machine could bring in. */
export const HOSTILE = '<img src=x onerror=alert(1)>"\'&</style></title><script>alert(1)</script>\u001b[2J';

/** One black pixel. */
const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==';

/** @param shift of the throughput, as another machine might have it */
const curves = (shift: number): RunCurves => ({
  epochs: [1, 2, 3].map((epoch) => ({
    ...{ epoch, loss: 0.3 / epoch, accuracy: 1 - 0.1 / epoch },
    ...{ valLoss: 0.12 / epoch, valAccuracy: 1 - 0.03 / epoch },
  })),
  steps: Array.from({ length: 16 }, (_, index) => ({
    ...{ step: 100 * (index + 1), loss: 0.5 / (index + 1), accuracy: 1 - 0.2 / (index + 1) },
  })),
  throughput: Array.from({ length: 12 }, (_, index) => ({ seconds: 2 + index, value: 7600 - shift * index })),
  memory: Array.from({ length: 16 }, (_, index) => ({
    ...{ seconds: 1 + index, value: (480 + shift + 6 * index) * 1e6 },
  })),
});

const NAMES = Array.from('0123456789');
const MATRIX = NAMES.map((_, actual) =>
  NAMES.map((__, predicted) => (actual === predicted ? 980 : (actual + 2 * predicted) % 7 === 0 ? 4 : 0)),
);

/** Three modes, five runs each; two sides disagree where the weights are not the same. */
export function fullPage({ sameWeights = true } = {}): ReportPage {
  const runs = rounds(['inprocess', 'process', 'docker'], {
    inprocess: [7682, 7579, 7776, 7640, 7701],
    process: [7600, 7590, 7700, 7610, 7720],
    docker: [7224, 7320, 7260, 7295, 7250],
  }).map((run) => {
    if (sameWeights || run.spec.mode !== 'docker') return run;
    const training = { ...run.outcome.training, weightsDigest: `${DIGEST.slice(0, -1)}0` };
    return { ...run, outcome: { ...run.outcome, training } };
  });
  const report = createReport(runs, { force: false });
  const newest = report.sides.map(({ name, runs: some }) => ({ side: name, runId: some.at(-1)!.runId }));
  return {
    report,
    courses: newest.map((side, index) => ({ ...side, curves: curves(10 * index) })),
    matrices: newest.map((side, index) => ({
      ...side,
      classNames: NAMES,
      matrix: sameWeights || index < 2 ? MATRIX : MATRIX.map((row) => row.map((count) => count + 1)),
    })),
    disagreement: sameWeights
      ? null
      : {
          ...{ sides: newest, classNames: NAMES, images: 10_000, differing: 30 },
          shown: [5, 17].map((index) => ({
            ...{ index, label: 4, picture: PICTURE },
            guesses: [9, 9, 4].map((predicted) => ({ predicted, probability: 0.61 })),
          })),
        },
    remarks: [],
  };
}

/** Two single runs of which nothing but the figures is known, and those are broken. */
export function barePage(): ReportPage {
  const training = {
    finalLoss: 'NaN' as const,
    finalAccuracy: 'Infinity' as const,
    valLoss: null,
    weightsDigest: null,
  };
  const parts = { evaluation: null, training, phases: {}, imagesPerSecond: null };
  const failed = { status: 'failed', reason: 'crashed' } as const;
  const runs = [comparedRun('inprocess', 0, parts), comparedRun('docker', 1, { ...parts, outcome: failed })];
  // Outcomes that are given whole have no training of their own.
  const report = createReport(runs, { force: true });
  const courses = report.sides.map(({ name, runs: [run] }) => ({
    ...{ side: name, runId: run!.runId, curves: NO_CURVES },
  }));
  return { report, courses, matrices: [], disagreement: null, remarks: [] };
}

/** Every name and message that comes from outside tries to be markup. */
export function hostilePage(): ReportPage {
  const perClass = [{ className: HOSTILE, precision: 1, recall: 1, f1: 1, support: 1 }];
  const parts = {
    ...{ host: HOSTILE, spec: { job: HOSTILE }, phases: { train: 10, [HOSTILE]: 5 } },
    evaluation: { ...EVALUATION, perClass },
  };
  const runs = [comparedRun('inprocess', 0, parts), comparedRun('docker', 1, parts)].map((run) => ({
    ...run,
    runId: `${run.runId}${HOSTILE}`,
    outcome: { ...run.outcome, training: { ...run.outcome.training, weightsDigest: run.runId + HOSTILE } },
  }));
  const report = createReport(runs, { force: true });
  const sides = report.sides.map((side) => ({ side: side.name, runId: side.runs[0]!.runId }));
  const nan = { epoch: 1, loss: NaN, accuracy: Infinity, valLoss: 0.1, valAccuracy: 0.9 };
  return {
    report: { ...report, notes: [HOSTILE] },
    courses: sides.map((side) => ({ ...side, curves: { ...curves(0), epochs: [nan] } })),
    matrices: sides.map((side) => ({ ...side, classNames: [HOSTILE], matrix: [[1]] })),
    disagreement: {
      ...{ sides, classNames: [HOSTILE], images: 1, differing: 1 },
      shown: [
        {
          index: 0,
          label: 0,
          guesses: [0, 7].map((predicted) => ({ predicted, probability: NaN })),
          picture: PICTURE,
        },
      ],
    },
    remarks: [HOSTILE],
  };
}
