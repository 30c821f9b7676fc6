import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeMachine } from '../../../../src/cli/benching/machine/describe.js';
import { cpuStatPaths, parseCgroupThrottling } from '../../../../src/cli/benching/machine/parse.js';
import { readMachine } from '../../../../src/cli/benching/machine/read.js';
import type { MachineState } from '../../../../src/cli/benching/machine/state.js';
import { useBetween } from '../../../../src/cli/benching/machine/use.js';
import type { MachineUse } from '../../../../src/cli/benching/machine/use.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

/** As Linux 6.18 has them on a machine of two processors, shortened. */
const LINUX: Readonly<Record<string, string>> = {
  'proc/stat': `cpu  1724934 576 264291 577081 10839 0 7023 1658 0 0
cpu0 843410 335 125440 317501 3411 0 1936 843 0 0
cpu1 881523 241 138850 259580 7427 0 5087 815 0 0
intr 123 0 4
ctxt 4567
processes 10398
procs_running 3
procs_blocked 0
`,
  'proc/loadavg': '2.34 2.07 1.99 3/120 10398\n',
  'proc/meminfo': 'MemTotal:       24684084 kB\nMemFree:        17260412 kB\nMemAvailable:   23480728 kB\n',
  'proc/pressure/cpu':
    'some avg10=14.32 avg60=23.94 avg300=18.72 total=6931885740\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
  'proc/self/cgroup': '0::/user.slice/bench.scope\n',
  'proc/1/stat': '1 (init) S 0 1 1 0 -1 4194560 1 2 3 4 500 600 700 800 20 0 1 0 2 3 4\n',
  'proc/400/stat': '400 (dockerd) S 1 400 400 0 -1 4194560 1 2 3 4 1000 200 30 4 20 0 1 0 2 3 4\n',
  'proc/401/stat': '401 (containerd-shim) S 1 401 4 0 -1 4194560 1 2 3 4 100 50 0 0 20 0 1 0 2 3 4\n',
  'proc/402/stat': '402 (a (dockerd) b) S 1 402 4 0 -1 41 1 2 3 4 9000 0 0 0 20 0 1 0 2 3 4\n',
  'sys/fs/cgroup/user.slice/bench.scope/cpu.stat':
    'usage_usec 5000000\nuser_usec 4000000\nsystem_usec 1000000\nnr_periods 100\nnr_throttled 7\nthrottled_usec 250000\n',
  'sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq': '2400000\n',
  'sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq': '3600000\n',
  'sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'performance\n',
  'sys/devices/system/cpu/cpu1/cpufreq/scaling_governor': 'powersave\n',
  'sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count': '3\n',
  'sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count': '4\n',
  'sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq': '1\n',
};

async function look(files: Readonly<Record<string, string>>): Promise<MachineState> {
  using root = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root.path, path)), { recursive: true });
    writeFileSync(join(root.path, path), text);
  }
  return await readMachine({ now: 1000, root: root.path });
}

describe('a look at the machine', () => {
  it('reads all that Linux tells', async () => {
    const { benchCpuSeconds, ...state } = await look(LINUX);
    expect(benchCpuSeconds).toBeGreaterThan(0);
    expect(state).toEqual({
      at: 1000,
      loadAverages: [2.34, 2.07, 1.99],
      runningProcesses: 2,
      processors: { count: 2, busySeconds: 19_968.24, totalSeconds: 25_864.02, stealSeconds: 16.58 },
      frequenciesMHz: [2400, 3600],
      governors: ['performance', 'powersave'],
      thermalThrottles: 7,
      cgroup: { throttledPeriods: 7, throttledSeconds: 0.25 },
      cpuPressureSeconds: 6931.88574,
      availableBytes: 23_480_728 * 1024,
      daemonCpuSeconds: 13.84,
    });
  });

  it('is null where a system has no such files', async () => {
    expect(await look({})).toMatchObject({
      ...{ loadAverages: null, runningProcesses: null, processors: null, frequenciesMHz: null },
      ...{ governors: null, thermalThrottles: null, cgroup: null, cpuPressureSeconds: null },
      daemonCpuSeconds: null,
      availableBytes: expect.any(Number) as number,
    });
  });
});

describe('the control group', () => {
  it.each([
    ['0::/\n', ['/cpu.stat', '/unified/cpu.stat', '/cpu.stat']],
    ['0::/a/b\n', ['/a/b/cpu.stat', '/unified/a/b/cpu.stat', '/cpu.stat']],
    [
      '4:cpu,cpuacct:/docker/0123\n1:name=systemd:/docker/0123\n0::/x\n',
      ['/x/cpu.stat', '/unified/x/cpu.stat', '/cpu,cpuacct/docker/0123/cpu.stat', '/cpu.stat'],
    ],
  ])('of %j', (text, paths) => expect(cpuStatPaths(text)).toEqual(paths));

  it('of version 1 tells nanoseconds; one without a limit tells nothing', () => {
    expect(parseCgroupThrottling('nr_periods 5\nnr_throttled 2\nthrottled_time 1500000000\n')).toEqual({
      throttledPeriods: 2,
      throttledSeconds: 1.5,
    });
    expect(parseCgroupThrottling('usage_usec 5\nuser_usec 4\n')).toBeUndefined();
  });
});

describe('what went on between two looks', () => {
  const state = (parts: Partial<MachineState>): MachineState => ({
    at: 0,
    ...{ loadAverages: null, runningProcesses: null, frequenciesMHz: null, governors: null },
    processors: { count: 2, busySeconds: 100, totalSeconds: 1000, stealSeconds: 1 },
    ...{ thermalThrottles: 5, cgroup: { throttledPeriods: 1, throttledSeconds: 1 }, cpuPressureSeconds: 10 },
    ...{ availableBytes: 1, daemonCpuSeconds: 3, benchCpuSeconds: 1 },
    ...parts,
  });

  it('is told without what the run, the bench and Docker took themselves', () => {
    const after = state({
      ...{ at: 10_000, benchCpuSeconds: 1.25, daemonCpuSeconds: 3.75, thermalThrottles: 6 },
      processors: { count: 2, busySeconds: 112, totalSeconds: 1020, stealSeconds: 1.5 },
      ...{ cgroup: { throttledPeriods: 3, throttledSeconds: 1.5 }, cpuPressureSeconds: 14 },
      frequenciesMHz: [800, 3600],
    });
    // 12 s busy, of which 9 are the run's, 0.25 the bench's and 0.75 Docker's; of 20 s that two processors have.
    expect(useBetween(state({}), after, 9)).toEqual({
      ...{
        seconds: 10,
        othersShare: 0.1,
        stealShare: 0.025,
        thermalThrottles: 1,
        cgroupThrottledSeconds: 0.5,
      },
      ...{ pressureShare: 0.4, frequencyMHz: 3600 },
    });
  });

  it('is never less than nothing, and null where it is not told', () => {
    const after = state({
      at: 10_000,
      processors: { count: 2, busySeconds: 104, totalSeconds: 1020, stealSeconds: 1 },
    });
    expect(useBetween(state({}), after, 9).othersShare).toBe(0);
    const blind = state({ processors: null, thermalThrottles: null, cgroup: null, cpuPressureSeconds: null });
    expect(useBetween(blind, { ...blind, at: 10_000 }, 9)).toEqual({
      ...{ seconds: 10, othersShare: null, stealShare: null, thermalThrottles: null },
      ...{ cgroupThrottledSeconds: null, pressureShare: null, frequencyMHz: null },
    });
  });
});

describe('the report', () => {
  const QUIET: MachineUse = {
    ...{ seconds: 10, othersShare: 0.02, stealShare: 0.001, thermalThrottles: 0, cgroupThrottledSeconds: 0 },
    ...{ pressureShare: 0.4, frequencyMHz: 3500 },
  };

  it('says nothing of a machine that was left alone', () => {
    expect(describeMachine([QUIET, null, { ...QUIET, frequencyMHz: 3600 }])).toEqual([]);
  });

  it('says what else the machine did', () => {
    const disturbed = {
      ...QUIET,
      ...{ othersShare: 0.12, stealShare: 0.03, thermalThrottles: 2, cgroupThrottledSeconds: 0.5 },
      frequencyMHz: 2400,
    };
    expect(describeMachine([QUIET, disturbed, { ...QUIET, othersShare: 0.06 }])).toEqual([
      'Other work took more than 5 % of the processors during 2 of 3 runs, 12 % at most.',
      'Other virtual machines took more than 1 % of the processors during 1 of 3 runs, 3 % at most.',
      'The processors were slowed down for their heat during 1 of 3 runs.',
      'The limit of processors that the bench itself is under held up 1 of 3 runs.',
      'The processors’ frequency differed between runs: 2.40 to 3.50 GHz right after them.',
    ]);
  });
});
