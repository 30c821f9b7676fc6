/** The rounds of a bench, with runs that are told what becomes of them; its log is a real one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BenchLog } from '../../../../src/cli/benching/log.js';
import type { BenchPlan } from '../../../../src/cli/benching/plan.js';
import { silentBenchReporter } from '../../../../src/cli/benching/reporter.js';
import { BenchRounds } from '../../../../src/cli/benching/rounds.js';
import type { RoundTools } from '../../../../src/cli/benching/rounds.js';
import { parseSides } from '../../../../src/cli/benching/sides.js';
import { BenchState } from '../../../../src/cli/benching/state.js';
import { RunnerError } from '../../../../src/contract/errors.js';
import type { RunMode } from '../../../../src/contract/run-spec.js';
import type { ComparedRun } from '../../../../src/report/compare/run-figures.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { handClock } from '../progress/terminal.js';
import { comparedRun } from '../../report/compare/runs.js';
import type { RunParts } from '../../report/compare/runs.js';

const ID = '20260301-140509-7h2k9p';
const ROUNDS = [
  ['process', 'inprocess'],
  ['inprocess', 'process'],
];
const plan = (parts: Partial<BenchPlan> = {}): BenchPlan => ({
  ...{ schemaVersion: 1, benchId: ID, createdAt: 0, host: 'here', runnerVersion: '1', orderSeed: 1 },
  ...{ sides: parseSides('inprocess,process'), rounds: ROUNDS, figure: 'imagesPerSecond', precision: null },
  ...{ evaluate: false, flags: {}, settings: {} },
  ...parts,
});

/** What becomes of the run of a key: by default it succeeds. */
type Fate = (key: string) => RunParts | 'no run' | 'killed' | undefined;

/** A runs directory of runs by their keys, which outlives the process of a bench. */
function world(benchPlan = plan(), fate: Fate = () => undefined) {
  const folder = temporaryDirectory();
  const runs = new Map<string, ComparedRun>();
  const ended = new Set<string>();
  const keys: string[] = [];
  const stop = new AbortController();
  const { clock, pass } = handClock();
  const tools: RoundTools = {
    ...{ runsDir: '/my runs', clock, signal: stop.signal, reporter: silentBenchReporter },
    readMachine: () => Promise.resolve(IDLE),
    trainOnce(args) {
      const [mode, key] = [args[2] as RunMode, args[4]!];
      keys.push(key);
      pass(1000);
      const known = runs.get(key);
      if (known !== undefined) return Promise.resolve({ runId: known.runId, message: undefined });
      const parts = fate(key);
      if (parts === 'no run') return Promise.resolve({ runId: undefined, message: 'No daemon.' });
      const died = parts === 'killed';
      const lost = { outcome: { status: 'lost', message: 'It was killed.' } } as const;
      const run = comparedRun(mode, runs.size, died ? lost : parts);
      runs.set(key, run);
      return Promise.resolve(
        died
          ? { runId: undefined, message: 'It ended with SIGKILL.' }
          : { runId: run.runId, message: undefined },
      );
    },
    readRun: (runId) => Promise.resolve([...runs.values()].find((run) => run.runId === runId)!),
    findRun: (key) => Promise.resolve(runs.get(key)?.runId),
    async withWarmTrainer(work) {
      keys.push('a trainer waits');
      return work();
    },
  };
  return {
    ...{ keys, runs, ended, stop, tools },
    log: () => readFileSync(join(folder.path, 'log.ndjson'), 'utf8'),
    /** As a process that begins with what is in the log, and is there until its work is done. */
    async bench(changed: Partial<RoundTools> = {}): Promise<BenchState> {
      using log = BenchLog.open(folder.path);
      const state = new BenchState(benchPlan, log.earlier);
      if (log.earlier.length > 0) {
        log.append({ type: 'resumed', at: 0 });
        state.add({ type: 'resumed', at: 0 });
      }
      await new BenchRounds(benchPlan, log, state).run({ ...tools, ...changed });
      return state;
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

const IDLE = {
  ...{ at: 0, loadAverages: null, runningProcesses: null, processors: null, frequenciesMHz: null },
  ...{ governors: null, thermalThrottles: null, cgroup: null, cpuPressureSeconds: null, availableBytes: 1 },
  ...{ daemonCpuSeconds: null, benchCpuSeconds: 0 },
};

const key = (rest: string): string => `${ID}/${rest}`;
const ALL = ['warm-up/inprocess', 'warm-up/process', '1/process', '1/inprocess', '2/inprocess', '2/process'];

describe('a bench', () => {
  it('warms up each mode once, and runs the rounds in their order', async () => {
    using there = world();
    const state = await there.bench();
    expect(there.keys).toEqual(ALL.map(key));
    expect(state.measured().map(({ round, side, figure }) => [round, side, figure])).toEqual([
      [1, 'process', 7700],
      [1, 'inprocess', 7700],
      [2, 'inprocess', 7700],
      [2, 'process', 7700],
    ]);
    expect({ rounds: state.rounds(), next: state.next() }).toEqual({ rounds: 2, next: undefined });
  });

  it('lets a trainer wait for the runs of docker-warm, and for no other', async () => {
    const sides = parseSides('docker,docker-warm');
    using there = world(plan({ sides, rounds: [['docker-warm', 'docker']] }));
    await there.bench();
    expect(there.keys).toEqual([
      ...[key('warm-up/docker'), 'a trainer waits', key('warm-up/docker-warm')],
      ...['a trainer waits', key('1/docker-warm'), key('1/docker')],
    ]);
  });

  it('stops once it is precise enough, after eight rounds at the earliest', async () => {
    const rounds = Array.from({ length: 12 }, () => ['inprocess', 'process']);
    using precise = world(plan({ rounds, precision: 0.02 }));
    expect((await precise.bench()).rounds()).toBe(8);
    let throughput = 5000;
    using noisy = world(plan({ rounds, precision: 0.02 }), () => ({
      imagesPerSecond: (throughput += 500) % 7001,
    }));
    expect((await noisy.bench()).rounds()).toBe(12);
  });

  it('counts for that only rounds in which no run has failed', async () => {
    const rounds = Array.from({ length: 12 }, () => ['inprocess', 'process']);
    const failing = [key('1/process'), key('3/inprocess')];
    using there = world(plan({ rounds, precision: 0.02 }), (name) =>
      failing.includes(name) ? { outcome: { status: 'failed', message: 'It diverged.' } } : undefined,
    );
    const state = await there.bench();
    expect({ rounds: state.rounds(), whole: state.wholeRounds().length }).toEqual({ rounds: 10, whole: 8 });
  });
});

describe('a run that fails', () => {
  it('is kept and told, and the bench goes on', async () => {
    using there = world(plan(), (name) =>
      name === key('1/process') ? { outcome: { status: 'failed', message: 'It diverged.' } } : undefined,
    );
    const state = await there.bench();
    expect(there.keys).toEqual(ALL.map(key));
    expect(state.all().map(({ verdict }) => verdict)).toEqual([
      ...['measured', 'measured', 'failed', 'measured', 'measured', 'measured'],
    ]);
    expect(state.all()[2]).toMatchObject({ status: 'failed', message: 'It diverged.' });
    expect(state.values().get('inprocess')).toHaveLength(1);
  });

  it('three in a row of one mode end it, and whoever resumes it has done something about it', async () => {
    let daemon = false;
    const rounds = [...ROUNDS, ...ROUNDS];
    using there = world(plan({ rounds }), (name) =>
      name.includes('/process') && !daemon ? 'no run' : undefined,
    );
    await expect(there.bench()).rejects.toMatchObject({
      message: `Bench ${ID} has ended: 3 runs of process in a row have failed. The last one: No daemon.`,
      hint: `Do something about it, then \`runner bench --resume ${ID} --runs-dir '/my runs'\`.`,
    });
    expect(there.keys.map((name) => name.slice(ID.length + 1))).toEqual([...ALL]);
    daemon = true;
    const state = await there.bench();
    expect(state.measured().filter(({ side }) => side === 'process')).toHaveLength(2);
    expect(state.rounds()).toBe(4);
  });

  it('is brought to its outcome where it took its process along', async () => {
    using there = world(plan(), (name) => (name === key('1/process') ? 'killed' : undefined));
    const state = await there.bench();
    expect(there.keys.filter((name) => name === key('1/process'))).toHaveLength(2);
    expect(state.all()[2]).toMatchObject({ verdict: 'failed', status: 'lost', message: 'It was killed.' });
  });
});

describe('a bench that was killed', () => {
  /** Its process is gone in the middle of that run, which another one then finds by its key. */
  const killedIn = (there: ReturnType<typeof world>, at: string, parts: RunParts = {}): Promise<unknown> =>
    there
      .bench({
        trainOnce(args, signal) {
          if (args[4] !== key(at)) return there.tools.trainOnce(args, signal);
          there.runs.set(key(at), comparedRun('process', there.runs.size, parts));
          return Promise.reject(new Error('killed'));
        },
      })
      .catch((error: unknown) => error);

  it('trains nothing twice: what was in flight is waited for, and told', async () => {
    using there = world();
    await killedIn(there, '1/process');
    const state = await there.bench();
    expect(there.keys).toEqual(ALL.map(key));
    expect(state.measured().map(({ resumed, use }) => [resumed, use === null])).toEqual([
      ...[true, false, false, false].map((resumed) => [resumed, resumed]),
    ]);
  });

  it.each([
    ['was lost with it', { outcome: { status: 'lost' } }],
    ['was cancelled with it', { outcome: { status: 'cancelled' } }],
    ['another process had to finish', { outcome: { endedAt: Date.UTC(2027, 0, 1) } }],
  ] as const)('a run that %s is set aside, and another takes its place', async (_what, parts) => {
    using there = world();
    await killedIn(there, '1/process', parts);
    const state = await there.bench();
    expect(there.keys.slice(2, 4)).toEqual([key('1/process'), key('1/process/2')]);
    expect(state.all().map(({ verdict }) => verdict)).toEqual([
      ...['measured', 'measured', 'set-aside', 'measured', 'measured', 'measured', 'measured'],
    ]);
    expect(state.measured()).toHaveLength(4);
  });

  it('goes on after an entry that was not written whole', async () => {
    using there = world();
    await killedIn(there, '1/process');
    const whole = there.log();
    expect(whole.endsWith('\n')).toBe(true);
    await there.bench();
    expect(there.log().startsWith(whole)).toBe(true);
  });
});

describe('a bench that is stopped', () => {
  it('sets the run aside that was ended with it, and has it again when it is resumed', async () => {
    using there = world(plan(), (name) => {
      if (name !== key('1/process')) return undefined;
      there.stop.abort(new RunnerError('interrupted', 'Stopped by SIGINT.'));
      return { outcome: { status: 'cancelled' } };
    });
    await expect(there.bench()).rejects.toThrow('Stopped by SIGINT.');
    expect(there.keys).toEqual(ALL.slice(0, 3).map(key));
    const state = await there.bench({ signal: new AbortController().signal });
    expect(there.keys[3]).toBe(key('1/process/2'));
    expect(state.measured()).toHaveLength(4);
  });
});

it('what changes under a bench ends it', async () => {
  using there = world(plan(), (name) => (name === key('2/process') ? { spec: { seed: 7 } } : undefined));
  await expect(there.bench()).rejects.toThrow(
    /had not the same to do as the runs of bench .*: seed 42 .*, 7 /,
  );
});
