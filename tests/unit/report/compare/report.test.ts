import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../../src/contract/errors.js';
import { chooseLatest, describePassedOver, passedOver } from '../../../../src/report/compare/choose-sides.js';
import { mergePhases } from '../../../../src/report/compare/phases.js';
import { createReport } from '../../../../src/report/compare/report.js';
import { figuresOf } from '../../../../src/report/compare/run-figures.js';
import type { ComparedRun } from '../../../../src/report/compare/run-figures.js';
import { SPEC } from '../../orchestrator/specs.js';
import { comparedRun, rounds } from './runs.js';

const report = (runs: readonly ComparedRun[], force = false) => createReport(runs, { force });

function refusal(work: () => unknown): Pick<RunnerError, 'code' | 'message'> {
  try {
    work();
  } catch (error) {
    if (error instanceof RunnerError) return { code: error.code, message: error.message };
  }
  throw new Error('nothing was refused');
}

describe('the figures of a run', () => {
  it('in this process: the trainer is part of the runner', () => {
    const { figures, phaseSeconds, warm, takenOver } = figuresOf(comparedRun('inprocess', 0));
    expect(figures).toMatchObject({
      ...{ wallSeconds: 16.875, trainSeconds: 15.5, setupSeconds: 0.005, firstStepSeconds: 1.2 },
      ...{ cpuSeconds: 29.5, runnerCpuSeconds: 29.5, peakMemoryBytes: 611e6, runnerMemoryBytes: 611e6 },
      ...{ imageBytes: null, blockReadBytes: null, testLoss: 0.0369, macroF1: 0.9875 },
    });
    expect(figures.fixedSeconds).toBeCloseTo(1.37, 9);
    expect(Object.keys(phaseSeconds)).toEqual([
      'startup',
      'data',
      'provision',
      'engine',
      'trace',
      'train',
      'save',
      'rest',
    ]);
    expect(phaseSeconds.rest).toBeCloseTo(0.05, 9);
    expect([warm, takenOver]).toEqual([false, false]);
  });

  it('in a container: trainer and runner apart, the first step from the start of the run on', () => {
    const { figures } = figuresOf(comparedRun('docker', 0));
    expect(figures).toMatchObject({
      ...{ cpuSeconds: 29.5, runnerCpuSeconds: 0.9, peakMemoryBytes: 649e6, runnerMemoryBytes: 88e6 },
      ...{ imageBytes: 759e6, blockWriteBytes: 84e6, setupSeconds: 0.015 },
    });
    expect(figures.firstStepSeconds).toBeCloseTo(0.71 + 1.1, 9);
  });

  it('have the stalls of the runner’s event loop, unless the run is older than these', () => {
    const resources = { wallMs: 17_000, cpuSeconds: 0.9, peakRssBytes: 88_000_000 };
    const recorded = { ...resources, eventLoopDelay: { trainP99Ms: 1.5, maxMs: 38.2 } };
    expect(figuresOf(comparedRun('docker', 0, { outcome: { resources: recorded } })).figures).toMatchObject({
      ...{ stallP99Ms: 1.5, stallMaxMs: 38.2 },
    });
    expect(figuresOf(comparedRun('docker', 0)).figures).toMatchObject({ stallP99Ms: null, stallMaxMs: null });
  });

  it('without an evaluation are those of the outcome; NaN stays NaN, what is missing is null', () => {
    const training = { finalLoss: 'NaN' as const, valLoss: null, testLoss: 0.5, testAccuracy: 0.25 };
    const { figures, perClass } = figuresOf(comparedRun('inprocess', 0, { evaluation: null, training }));
    expect(figures).toMatchObject({
      loss: NaN,
      valLoss: null,
      testLoss: 0.5,
      testAccuracy: 0.25,
      macroF1: null,
    });
    expect(perClass).toEqual([]);
  });

  it('of an earlier version, whose phases are fewer, are as far as they go', () => {
    const { figures } = figuresOf(comparedRun('process', 0, { phases: {}, wallMs: 100 }));
    expect(figures).toMatchObject({
      trainSeconds: null,
      fixedSeconds: null,
      firstStepSeconds: null,
      wallSeconds: 0.1,
    });
  });

  it('of a warm trainer has no first step: its process is older than the run', () => {
    const run = figuresOf(
      comparedRun('docker', 0, { phases: { startup: 200, train: 1000, firstStep: 60_000 } }),
    );
    expect([run.warm, run.figures.firstStepSeconds]).toEqual([true, null]);
  });

  it('of a run that another process has finished are those of the whole time', () => {
    const { outcome } = comparedRun('docker', 0);
    const run = figuresOf(comparedRun('docker', 0, { outcome: { endedAt: outcome.startedAt + 60_000 } }));
    expect([run.takenOver, run.figures.wallSeconds]).toEqual([true, 60]);
  });

  it('of a run that another process has finished have nothing of what runner itself used', () => {
    const run = figuresOf(comparedRun('inprocess', 0, { outcome: { resources: { wallMs: 20_000 } } }));
    const { wallSeconds, cpuSeconds, runnerCpuSeconds, peakMemoryBytes, runnerMemoryBytes } = run.figures;
    expect([run.takenOver, wallSeconds]).toEqual([true, 20]);
    expect([cpuSeconds, runnerCpuSeconds, peakMemoryBytes, runnerMemoryBytes]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});

describe('runs that nobody has named', () => {
  const modesAndIds = (runs: readonly ComparedRun[]) => runs.map(({ runId }) => runId.slice(13, 15));
  const other = { spec: { seed: 7 } };

  it('are all that share the spec of the newest that there is in two modes', () => {
    const runs = [
      comparedRun('inprocess', 0),
      comparedRun('docker', 1),
      comparedRun('inprocess', 2),
      comparedRun('docker', 3, other),
    ];
    expect(modesAndIds(chooseLatest(runs))).toEqual(['02', '01', '00']);
    expect(modesAndIds(chooseLatest([...runs, comparedRun('process', 4, other)]))).toEqual(['04', '03']);
  });

  it('pass over what is newer than those of its mode, or of another mode newer than all', () => {
    const failed = { outcome: { status: 'failed', reason: 'crashed' } } as const;
    const chosen = [comparedRun('docker', 2), comparedRun('inprocess', 4)];
    const newer = [
      comparedRun('docker', 3, other),
      comparedRun('process', 5, other),
      comparedRun('docker', 6, failed),
    ];
    const older = [comparedRun('docker', 1, other), comparedRun('process', 3, other)];
    const over = passedOver([...chosen, ...newer, ...older], chosen);
    expect(modesAndIds(over)).toEqual(['06', '05', '03']);
    expect(over.map((run) => describePassedOver(run, chosen))).toEqual([
      'has not succeeded (failed)',
      'has seed 7 instead of 42',
      'has seed 7 instead of 42',
    ]);
    const further = comparedRun('docker', 7, { spec: { seed: 7, threads: 3, job: 'other' } });
    expect(describePassedOver(further, chosen)).toBe(
      'has job other instead of mnist-cnn, and 2 other differences',
    );
    expect(passedOver([...chosen, ...older], chosen)).toEqual([]);
  });

  it('are those that succeeded', () => {
    const failed = { outcome: { status: 'failed', reason: 'crashed' } } as const;
    const runs = [comparedRun('inprocess', 0), comparedRun('docker', 1, failed), comparedRun('docker', 2)];
    expect(modesAndIds(chooseLatest(runs))).toEqual(['02', '00']);
  });

  it.each([
    ['no run here has succeeded', []],
    [
      'the runs here that succeeded are all of mode docker',
      [comparedRun('docker', 0), comparedRun('docker', 1)],
    ],
    [
      'of the runs here that succeeded no two of different modes (docker, inprocess) share a spec',
      [comparedRun('inprocess', 0), comparedRun('docker', 1, other)],
    ],
  ])('are not there: %s', (why, runs) => {
    expect(refusal(() => chooseLatest(runs))).toEqual({
      code: 'not-comparable',
      message: `There is nothing to compare: ${why}.`,
    });
  });
});

describe('the sides', () => {
  const namesOf = (runs: readonly ComparedRun[]) =>
    report(runs).sides.map(({ name, runs: some }) => [name, some.map(({ runId }) => runId.slice(13, 15))]);

  it('are the modes, the least isolated first, their runs in the order of their start', () => {
    const runs = [
      comparedRun('docker', 3),
      comparedRun('process', 1),
      comparedRun('docker', 0),
      comparedRun('inprocess', 2),
    ];
    expect(namesOf(runs)).toEqual([
      ['inprocess', ['02']],
      ['process', ['01']],
      ['docker', ['00', '03']],
    ]);
  });

  it('of containers that were waiting is one of its own', () => {
    const warm = comparedRun('docker', 1, { phases: { startup: 200, train: 1000 } });
    expect(namesOf([comparedRun('docker', 0), warm]).map(([name]) => name)).toEqual([
      'docker',
      'docker-warm',
    ]);
  });

  it('are single runs where all are of one mode: the same thing against itself', () => {
    expect(namesOf([comparedRun('docker', 1), comparedRun('docker', 0)])).toEqual([
      ['run1', ['00']],
      ['run2', ['01']],
    ]);
  });
});

describe('runs that cannot be compared', () => {
  const seven = comparedRun('docker', 1, {
    spec: { seed: 7, hyperparameters: { ...SPEC.hyperparameters, batchSize: 256 } },
  });

  it('are refused, saying what differs', () => {
    expect(refusal(() => report([comparedRun('inprocess', 0), seven, comparedRun('docker', 2)]))).toEqual({
      code: 'not-comparable',
      message:
        'These runs did not have the same to do: hyperparameters.batchSize 128 (20260301-140500-aaaaaa and 1 more), ' +
        '256 (20260301-140501-aaaaaa); seed 42 (20260301-140500-aaaaaa and 1 more), 7 (20260301-140501-aaaaaa).',
    });
  });

  it('where one was evaluated within the run and the other was not: their lengths say nothing', () => {
    const evaluated = comparedRun('docker', 1, { phases: { train: 10, evaluate: 5, trainerStartup: 1 } });
    expect(refusal(() => report([comparedRun('inprocess', 0), evaluated])).message).toContain(
      'evaluated false (20260301-140500-aaaaaa), true (20260301-140501-aaaaaa)',
    );
  });

  it('are not those whose data lie elsewhere, whose limits or images are others', () => {
    const spec = {
      data: { ...SPEC.data, dir: '/elsewhere' },
      limits: { memoryBytes: 1e9 },
      container: { image: 'x' },
    };
    expect(report([comparedRun('inprocess', 0), comparedRun('docker', 1, { spec })]).differences).toEqual([]);
  });

  it('are compared all the same when told to, with what differs in the report', () => {
    const { differences, notes } = report([comparedRun('inprocess', 0), seven], true);
    expect(differences.map(({ name }) => name)).toEqual(['hyperparameters.batchSize', 'seed']);
    expect(notes.slice(0, 2)).toEqual([
      'Not the same to do: hyperparameters.batchSize 128 (20260301-140500-aaaaaa), 256 (20260301-140501-aaaaaa).',
      'Not the same to do: seed 42 (20260301-140500-aaaaaa), 7 (20260301-140501-aaaaaa).',
    ]);
  });

  it('are a single one, and one that has not succeeded', () => {
    expect(refusal(() => report([comparedRun('inprocess', 0)], true)).message).toBe(
      'One run alone cannot be compared.',
    );
    const failed = comparedRun('docker', 1, { outcome: { status: 'failed', reason: 'out-of-memory' } });
    expect(refusal(() => report([comparedRun('inprocess', 0), failed])).message).toBe(
      'Run 20260301-140501-aaaaaa has not succeeded: failed (out-of-memory).',
    );
    expect(report([comparedRun('inprocess', 0), failed], true).notes).toContain(
      'Run 20260301-140501-aaaaaa has not succeeded (failed): it counts as far as it got.',
    );
  });
});

describe('what to know', () => {
  const notesOf = (...runs: readonly ComparedRun[]) => report(runs).notes;

  it('is, with repeats one after the other on one machine, nothing', () => {
    const runs = rounds(['inprocess', 'docker'], { inprocess: [1, 2, 3], docker: [1, 2, 3] });
    expect(report(runs).notes).toEqual([]);
  });

  it.each([
    [
      'more runs on one side',
      [comparedRun('inprocess', 0), comparedRun('docker', 1), comparedRun('docker', 2)],
      'Not as many runs on each side (inprocess 1, docker 2): they are not taken as pairs.',
    ],
    [
      'other machines',
      [comparedRun('inprocess', 0, { host: 'a' }), comparedRun('docker', 1, { host: 'b' })],
      'The runs are of different machines: a, b.',
    ],
    [
      'runs at the same time',
      [comparedRun('inprocess', 0, { wallMs: 70_000 }), comparedRun('docker', 1)],
      'Runs 20260301-140500-aaaaaa and 20260301-140501-aaaaaa went on at the same time: they took from each other.',
    ],
    [
      'fewer processors than threads',
      [comparedRun('inprocess', 0), comparedRun('docker', 1, { spec: { limits: { cpus: 0.5 } } })],
      '1 run had fewer processors than threads: 0.5.',
    ],
    [
      'another number of steps a call',
      [
        comparedRun('inprocess', 0),
        comparedRun('inprocess', 1, { spec: { engine: { ...SPEC.engine, stepsPerCall: 8 } } }),
      ],
      'Not all runs did as many steps by one call of TensorFlow: 1 and 8; only the speed depends on it.',
    ],
    [
      'batches made while a step runs, and between steps',
      [
        comparedRun('inprocess', 0),
        comparedRun('inprocess', 1, { spec: { engine: { ...SPEC.engine, prefetch: true } } }),
      ],
      'Not all runs made the next batch while a step ran; only the speed depends on it.',
    ],
    [
      'an engine that was built for the baseline',
      [comparedRun('inprocess', 0, { phases: { provision: 60_000, train: 10 } }), comparedRun('docker', 1)],
      '1 run of inprocess built the engine or the image first, in 1 min 00 s: that is set-up, which later runs are spared, and no part of what a run costs.',
    ],
    [
      'an engine that was built by several runs of it',
      [
        ...[60_000, 30_000].map((provision, at) =>
          comparedRun('inprocess', at, { phases: { provision, train: 10 } }),
        ),
        comparedRun('docker', 2),
      ],
      '2 runs of inprocess built the engine or the image first, in up to 1 min 00 s: that is set-up, which later runs are spared, and no part of what a run costs.',
    ],
  ])('%s', (_what, runs, note) => {
    expect(notesOf(...runs)).toContain(note);
  });
});

describe('the verdict', () => {
  const verdictOf = (base: readonly number[], docker: readonly number[]) => {
    const [verdict] = report(rounds(['inprocess', 'docker'], { inprocess: base, docker })).verdicts;
    return verdict!;
  };
  const STEADY = [7682, 7579, 7776, 7640, 7701];

  it('with the same throughput: a fixed cost, and the length from which on it is little', () => {
    const { sentences, fixedSeconds, underOnePercentFromSeconds } = verdictOf(
      STEADY,
      [7700, 7590, 7760, 7650, 7690],
    );
    expect(sentences).toEqual([
      'A container costs 965 ms a run more than inprocess, however long the run: here 5.7 % of 16.9 s.',
      'The throughput is the same within noise (1.00 times, 95 % interval 0.998–1.00), so nothing was found to grow with the run: it costs under 1 % of runs that take 1 min 36 s or longer.',
      'The runner’s own process took 88.0 MB and 0.90 s of CPU instead of 611 MB and 29.5 s.',
    ]);
    expect(fixedSeconds).toBeCloseTo(0.965, 9);
    // fixed / 1 %
    expect(underOnePercentFromSeconds).toBeCloseTo(96.5, 9);
  });

  it('with runs too few or too unlike to see one per cent: what might not have been seen', () => {
    const { sentences } = verdictOf(STEADY, [7000, 8300, 7776, 7200, 8100]);
    expect(sentences[1]).toBe(
      'The throughput is the same within noise (1.01 times, 95 % interval 0.911–1.10), so nothing was found to grow with the run; up to 9.7 % of its training would not have been seen. If nothing does, it costs under 1 % of runs that take 1 min 36 s or longer.',
    );
  });

  it('with a fixed cost that does not stand out from noise: what might not have been seen counts', () => {
    // Beside the training a process of its own takes 0.1 s more, and each run varies by much more than that.
    const runs = [0, 1, 2, 3, 4].flatMap((round) =>
      (['inprocess', 'process'] as const).map((mode, place) =>
        comparedRun(mode, 2 * round + place, {
          phases: { startup: 1000 + 200 * ((3 * round + 2 * place) % 5) + 100 * place, train: 10_000 },
          ...{ wallMs: 11_000 + 200 * ((3 * round + 2 * place) % 5) + 100 * place, imagesPerSecond: 7700 },
        }),
      ),
    );
    const { contrasts, verdicts } = report(runs);
    expect(contrasts[0]!.figures.fixedSeconds).toMatchObject({
      moreThanNoise: false,
      interval: { high: 1.5 },
    });
    const [verdict] = verdicts;
    expect(verdict!.underOnePercentFromSeconds).toBeCloseTo((0.5 * 1.4) / 0.01, 6);
    expect(verdict!.sentences.slice(0, 2)).toEqual([
      'A process of its own costs no time beside the training that stands out from noise (+100 ms a run against inprocess; up to 700 ms would not have).',
      'The throughput is the same within noise (1.00 times, 95 % interval 1.00–1.00), so nothing was found to grow with the run: it costs under 1 % of runs that take 1 min 10 s or longer.',
    ]);
  });

  it('slower by half a per cent: what is fixed has to share the one per cent with it', () => {
    const { underOnePercentFromSeconds } = verdictOf(
      STEADY,
      STEADY.map((value) => value / 1.005),
    );
    expect(underOnePercentFromSeconds).toBeCloseTo(0.965 / 0.005, 6);
  });

  it('slower by more than that: never', () => {
    const { sentences, underOnePercentFromSeconds } = verdictOf(
      STEADY,
      STEADY.map((value) => value / 1.05),
    );
    expect(underOnePercentFromSeconds).toBeNull();
    expect(sentences[1]).toContain(
      'lower by more than noise (0.952 times, 95 % interval 0.952–0.952), so the cost grows with the run by 5.0 % of its training: it never costs less than 1 %.',
    );
  });

  it('faster: says so, and does not count on it', () => {
    const { sentences, underOnePercentFromSeconds } = verdictOf(
      STEADY,
      STEADY.map((value) => value * 1.05),
    );
    expect(underOnePercentFromSeconds).toBeCloseTo(96.5, 6);
    expect(sentences[1]).toContain('The throughput is higher by more than noise (1.05 times');
  });

  it('of single runs: what it would be if the throughput were the same', () => {
    const [verdict] = report([comparedRun('inprocess', 0), comparedRun('process', 1)]).verdicts;
    expect(verdict!.sentences.slice(0, 2)).toEqual([
      'A process of its own costs 260 ms a run more than inprocess, however long the run: here 1.5 % of 16.9 s.',
      'It trained at 1.00 times the throughput; 1 run a side cannot tell that from noise. With the same throughput it costs under 1 % of runs that take 26.0 s or longer.',
    ]);
  });

  it('of a single run that took no longer: no length follows from it', () => {
    const slow = comparedRun('inprocess', 0, { wallMs: 30_000 });
    const [verdict] = report([slow, comparedRun('docker', 1)]).verdicts;
    expect(verdict!.sentences.slice(0, 2)).toEqual([
      'A container took no longer than inprocess beside the training (−12.2 s a run); 1 run a side cannot tell that from noise.',
      'It trained at 1.00 times the throughput; 1 run a side cannot tell that from noise.',
    ]);
    expect(verdict!.underOnePercentFromSeconds).toBeNull();
  });

  it('says of runs without phases what can be said', () => {
    const bare = { phases: {}, imagesPerSecond: null };
    const [verdict] = report([comparedRun('inprocess', 0, bare), comparedRun('process', 1, bare)]).verdicts;
    expect(verdict).toMatchObject({ fixedSeconds: null, underOnePercentFromSeconds: null });
    expect(verdict!.sentences).toHaveLength(1);
  });
});

describe('runs of which one lacks a figure', () => {
  it('are no pairs in it: the k-th of both sides are not of one round', () => {
    const modes = ['inprocess', 'docker'] as const;
    const whole = rounds(modes, { inprocess: [100, 101, 102, 103], docker: [90, 91, 92, 93] });
    const lacking = whole.map((run, index) =>
      index === 0 || index === 7
        ? {
            ...run,
            outcome: { ...run.outcome, training: { ...run.outcome.training, imagesPerSecond: null } },
          }
        : run,
    );
    const pairedOf = (runs: readonly ComparedRun[]) =>
      report(runs).contrasts[0]!.figures.imagesPerSecond!.interval!.paired;
    expect([pairedOf(whole), pairedOf(lacking)]).toEqual([true, false]);
  });
});

describe('the same weights', () => {
  const sameOf = (digest: string | null) =>
    report([comparedRun('inprocess', 0), comparedRun('docker', 1, { training: { weightsDigest: digest } })])
      .weights.same;
  it('are told from different ones, and from those that are not known', () => {
    expect([comparedRun('docker', 0).outcome.training.weightsDigest, 'sha256:9', null].map(sameOf)).toEqual([
      true,
      false,
      null,
    ]);
  });
});

it('phases that go different ways stand in one order, each once', () => {
  expect(
    mergePhases([
      ['startup', 'digest', 'start', 'data', 'train'],
      ['startup', 'data', 'provision', 'train', 'evaluate'],
      ['boot', 'startup'],
    ]),
  ).toEqual(['boot', 'startup', 'digest', 'start', 'data', 'provision', 'train', 'evaluate']);
});

it('the verdict tells the set-up of its side, which no other figure has in it', () => {
  const phases = { image: 60_000, trainerStartup: 1, train: 10 };
  const [verdict] = createReport(
    [comparedRun('inprocess', 0), comparedRun('docker', 1, { phases }), comparedRun('docker', 2)],
    { force: false },
  ).verdicts;
  expect(verdict?.sentences[1]).toBe(
    '1 run of docker built the engine or the image first, in 1 min 00 s: that is set-up, which later runs are spared, and no part of what a run costs.',
  );
});
