/** Runs as the report reads them, made of the few figures that a test is about. */
import type { RunOutcome } from '../../../../src/contract/run-outcome.js';
import type { RunMode, RunSpec } from '../../../../src/contract/run-spec.js';
import type { ComparedRun } from '../../../../src/report/compare/run-figures.js';
import { NOW, SPEC } from '../../orchestrator/specs.js';

export const DIGEST = `sha256:${'1a2b3c4d'.repeat(8)}`;
/** Apart, so that none overlaps another. */
const SPACING_MS = 60_000;

export interface RunParts {
  /** Milliseconds. */
  readonly phases?: Record<string, number>;
  readonly wallMs?: number;
  readonly imagesPerSecond?: number | null;
  readonly spec?: Partial<RunSpec>;
  readonly outcome?: Partial<RunOutcome>;
  readonly training?: Partial<RunOutcome['training']>;
  readonly evaluation?: ComparedRun['evaluation'];
  readonly host?: string | null;
}

const PHASES: Readonly<Record<'inprocess' | 'process' | 'docker', Record<string, number>>> = {
  inprocess: {
    startup: 200,
    data: 80,
    provision: 5,
    engine: 360,
    trace: 400,
    train: 15_500,
    firstStep: 1200,
    save: 280,
  },
  process: {
    ...{ startup: 200, digest: 70, provision: 5, start: 10, trainerStartup: 180, data: 80, engine: 360 },
    ...{ trace: 400, train: 15_500, firstStep: 1000, save: 280 },
  },
  docker: {
    ...{ startup: 200, connect: 100, digest: 80, provision: 5, image: 10, create: 20, fill: 210, start: 85 },
    ...{ trainerStartup: 190, data: 80, engine: 440, trace: 400, train: 15_600, firstStep: 1100 },
    ...{ save: 300, collect: 140, remove: 40 },
  },
};

/** @param index of the run: its id, and when it began */
export function comparedRun(mode: RunMode, index: number, parts: RunParts = {}): ComparedRun {
  const phases = parts.phases ?? PHASES[mode as keyof typeof PHASES];
  const sum = Object.entries(phases).reduce(
    (total, [name, ms]) => total + (name === 'firstStep' ? 0 : ms),
    0,
  );
  const wallMs = parts.wallMs ?? sum + 50;
  const startedAt = NOW + index * SPACING_MS;
  const runId = `20260301-1405${String(index).padStart(2, '0')}-aaaaaa`;
  const isolated = mode !== 'inprocess';
  const io = { blockReadBytes: 0, blockWriteBytes: 84e6, networkReceivedBytes: 0, networkSentBytes: 0 };
  return {
    runId,
    spec: { ...SPEC, mode, ...parts.spec },
    outcome: {
      ...{ schemaVersion: 1, runId, mode, status: 'succeeded', reason: null, message: null, exitCode: null },
      ...{ signal: null, startedAt, endedAt: startedAt + wallMs, phases },
      resources: isolated
        ? { wallMs, cpuSeconds: 0.9, peakRssBytes: 88e6 }
        : { wallMs, cpuSeconds: 29.5, peakRssBytes: 611e6 },
      ...(isolated
        ? { trainer: { cpuSeconds: 28.6, peakMemoryBytes: 649e6, ...(mode === 'docker' ? io : {}) } }
        : {}),
      ...(mode === 'docker'
        ? { image: { tag: 'runner-trainer:cpu-1', id: DIGEST, bytes: 759_000_000 } }
        : {}),
      training: {
        ...{
          epochsCompleted: 2,
          stepsCompleted: 844,
          bestEpoch: 2,
          stoppedEarly: false,
          engineStep: 'traced',
        },
        ...{ finalLoss: 0.0748, finalAccuracy: 0.9777, valLoss: 0.0399, valAccuracy: 0.987 },
        imagesPerSecond: parts.imagesPerSecond === undefined ? 7700 : parts.imagesPerSecond,
        weightsDigest: DIGEST,
        ...parts.training,
      },
      ...parts.outcome,
    },
    evaluation: parts.evaluation === undefined ? EVALUATION : parts.evaluation,
    artifactBytes: 2_200_000,
    host: parts.host ?? null,
  };
}

export const EVALUATION = {
  testLoss: 0.0369,
  testAccuracy: 0.9876,
  macroF1: 0.9875,
  perClass: [
    { className: '0', precision: 0.9868, recall: 0.9939, f1: 0.9903, support: 980 },
    { className: '1', precision: 0.9895, recall: 0.9974, f1: 0.9934, support: 1135 },
  ],
};

/** Five rounds of the modes, one after the other, as a bench has them. */
export function rounds(
  modes: readonly RunMode[],
  throughputs: Readonly<Partial<Record<RunMode, readonly number[]>>>,
) {
  const count = Math.max(...Object.values(throughputs).map((values) => values.length));
  return Array.from({ length: count }, (_, round) =>
    modes.map((mode, place) =>
      comparedRun(mode, round * modes.length + place, {
        imagesPerSecond: throughputs[mode]?.[round] ?? null,
        // A second more or less, as machines have it.
        phases: {
          ...PHASES[mode as keyof typeof PHASES],
          engine: 360 + 10 * ((7 * round) % 5) + (mode === 'docker' ? 80 : 0),
        },
      }),
    ),
  ).flat();
}
