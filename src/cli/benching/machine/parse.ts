/** The files in which Linux tells its state, as numbers. Each function takes a file's text. */

/** USER_HZ: in these files a second has a hundred ticks on every Linux that Node runs on (proc(5)). */
const TICKS_A_SECOND = 100;

export interface ProcessorTimes {
  readonly count: number;
  readonly busySeconds: number;
  readonly totalSeconds: number;
  readonly stealSeconds: number;
}

/** /proc/stat; undefined if it has no line of all processors. */
export function parseProcessorTimes(stat: string): ProcessorTimes | undefined {
  const all = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number);
  if (all === undefined || all.length < 4 || all.some(Number.isNaN)) return undefined;
  // Guests are part of user and nice; older systems have fewer columns.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = all;
  const busy = user + nice + system + irq + softirq;
  return {
    count: [...stat.matchAll(/^cpu\d+ /gm)].length,
    busySeconds: busy / TICKS_A_SECOND,
    totalSeconds: (busy + idle + iowait + steal) / TICKS_A_SECOND,
    stealSeconds: steal / TICKS_A_SECOND,
  };
}

/** /proc/stat: without the process that reads it. */
export function parseRunningProcesses(stat: string): number | undefined {
  const running = /^procs_running (\d+)$/m.exec(stat)?.[1];
  return running === undefined ? undefined : Math.max(0, Number(running) - 1);
}

/** /proc/loadavg */
export function parseLoadAverages(text: string): number[] | undefined {
  const averages = text.split(' ').slice(0, 3).map(Number);
  return averages.length === 3 && averages.every(Number.isFinite) ? averages : undefined;
}

/** /proc/meminfo, in bytes; older systems than 3.14 do not tell. */
export function parseAvailableBytes(meminfo: string): number | undefined {
  const kibibytes = /^MemAvailable: +(\d+) kB$/m.exec(meminfo)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** /proc/pressure/cpu: seconds of `some` since the machine was started. */
export function parsePressureSeconds(text: string): number | undefined {
  const microseconds = /^some .*total=(\d+)$/m.exec(text)?.[1];
  return microseconds === undefined ? undefined : Number(microseconds) / 1e6;
}

/**
 * Where the control group of a /proc/self/cgroup tells what its limit of processors did, below /sys/fs/cgroup: version 2
 * first, then the version 1 controllers.
 */
export function cpuStatPaths(cgroup: string): string[] {
  const groups = [...cgroup.matchAll(/^\d+:([^:]*):(.*)$/gm)].map(([, controllers = '', path = '']) => ({
    names: controllers.split(','),
    controllers,
    path: path === '/' ? '' : path,
  }));
  const [unified] = groups.filter(({ controllers }) => controllers === '');
  const cpu = groups.find(({ names }) => names.includes('cpu'));
  return [
    ...(unified === undefined ? [] : [`${unified.path}/cpu.stat`, `/unified${unified.path}/cpu.stat`]),
    ...(cpu === undefined ? [] : [`/${cpu.controllers}${cpu.path}/cpu.stat`]),
    // In a container the path may be that of the host, and the group itself the root of what is mounted.
    '/cpu.stat',
  ];
}

export interface CgroupThrottling {
  readonly throttledPeriods: number;
  readonly throttledSeconds: number;
}

/** cpu.stat; undefined of a group that has no limit to be held up by (version 2 then leaves the lines out). */
export function parseCgroupThrottling(stat: string): CgroupThrottling | undefined {
  const valueOf = (name: string): number | undefined => {
    const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1];
    return value === undefined ? undefined : Number(value);
  };
  const throttledPeriods = valueOf('nr_throttled');
  if (throttledPeriods === undefined) return undefined;
  const [microseconds, nanoseconds] = [valueOf('throttled_usec'), valueOf('throttled_time')];
  return { throttledPeriods, throttledSeconds: (microseconds ?? (nanoseconds ?? 0) / 1000) / 1e6 };
}

const DAEMON = /^(?:dockerd|containerd|containerd-shim.*|docker-proxy|runc.*)$/;

/**
 * /proc/<pid>/stat: processor time of a program of Docker's, with that of its children that have ended.
 * @returns seconds; 0 of any other program
 */
export function parseDaemonSeconds(stat: string): number {
  const close = stat.lastIndexOf(')');
  if (!DAEMON.test(stat.slice(stat.indexOf('(') + 1, close))) return 0;
  // From the state on, which is field 3: utime, stime, cutime and cstime are 14 to 17.
  const times = stat
    .slice(close + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return times.reduce((sum, ticks) => sum + ticks, 0) / TICKS_A_SECOND;
}
