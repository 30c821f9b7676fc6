/** Looks at the machine once. Cheap, for it is done right before and right after what is measured. */
import { readdir, readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import {
  cpuStatPaths,
  parseAvailableBytes,
  parseCgroupThrottling,
  parseDaemonSeconds,
  parseLoadAverages,
  parsePressureSeconds,
  parseProcessorTimes,
  parseRunningProcesses,
} from './parse.js';
import type { MachineState } from './state.js';

const CPUS = 'sys/devices/system/cpu';

export interface ReadMachine {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** What the system's files are below; a test has its own. */
  readonly root?: string;
}

export async function readMachine({ now, root = '/' }: ReadMachine): Promise<MachineState> {
  const text = (path: string): Promise<string | undefined> => readText(join(root, path));
  const [stat = '', load = '', memory = '', pressure = '', cgroup, cpus] = await Promise.all([
    text('proc/stat'),
    text('proc/loadavg'),
    text('proc/meminfo'),
    text('proc/pressure/cpu'),
    text('proc/self/cgroup'),
    processorNames(root),
  ]);
  const ofEach = (file: string): Promise<string[]> =>
    Promise.all(cpus.map((cpu) => text(join(CPUS, cpu, file)))).then((all) =>
      all.flatMap((one) => (one === undefined ? [] : [one.trim()])),
    );
  const [frequencies, governors, throttles] = await Promise.all([
    ofEach('cpufreq/scaling_cur_freq'),
    ofEach('cpufreq/scaling_governor'),
    ofEach('thermal_throttle/core_throttle_count'),
  ]);
  const own = process.cpuUsage();
  return {
    at: now,
    loadAverages: parseLoadAverages(load) ?? null,
    runningProcesses: parseRunningProcesses(stat) ?? null,
    processors: parseProcessorTimes(stat) ?? null,
    frequenciesMHz: orNull(frequencies)?.map((kilohertz) => Number(kilohertz) / 1000) ?? null,
    governors: orNull(governors),
    thermalThrottles: orNull(throttles)?.reduce((sum, count) => sum + Number(count), 0) ?? null,
    cgroup: cgroup === undefined ? null : await cgroupThrottling(root, cgroup),
    cpuPressureSeconds: parsePressureSeconds(pressure) ?? null,
    availableBytes: parseAvailableBytes(memory) ?? freemem(),
    daemonCpuSeconds: stat === '' ? null : await daemonSeconds(root),
    benchCpuSeconds: (own.user + own.system) / 1e6,
  };
}

const orNull = (texts: readonly string[]): string[] | null => (texts.length === 0 ? null : [...texts]);

async function cgroupThrottling(root: string, cgroup: string): Promise<MachineState['cgroup']> {
  for (const path of cpuStatPaths(cgroup)) {
    const stat = await readText(join(root, 'sys/fs/cgroup', path));
    const throttling = stat === undefined ? undefined : parseCgroupThrottling(stat);
    if (throttling !== undefined) return throttling;
  }
  return null;
}

async function daemonSeconds(root: string): Promise<number> {
  const pids = (await namesIn(join(root, 'proc'))).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readText(join(root, 'proc', pid, 'stat'))));
  return stats.reduce((sum, stat) => sum + (stat === undefined ? 0 : parseDaemonSeconds(stat)), 0);
}

const processorNames = async (root: string): Promise<string[]> =>
  (await namesIn(join(root, CPUS)))
    .filter((name) => /^cpu\d+$/.test(name))
    .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)));

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** A file that is not there, or that may not be read, is one that this system does not tell by. */
const readText = (path: string): Promise<string | undefined> =>
  readFile(path, 'latin1').catch(() => undefined);
