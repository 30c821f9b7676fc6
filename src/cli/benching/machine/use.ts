/** What went on between two looks at the machine, beside the run itself. */
import { z } from 'zod';
import type { MachineState } from './state.js';

export const machineUseSchema = z.object({
  seconds: z.number(),
  /** Of all processors, by what is neither the run nor the bench nor Docker; null where it is not told. */
  othersShare: z.number().nullable(),
  /** Of all processors, taken by other virtual machines. */
  stealShare: z.number().nullable(),
  thermalThrottles: z.int().nullable(),
  cgroupThrottledSeconds: z.number().nullable(),
  /** Of the time in which some process waited for a processor. */
  pressureShare: z.number().nullable(),
  /** Of the fastest processor, right after the run: idle ones may rest. */
  frequencyMHz: z.number().nullable(),
});
export type MachineUse = z.infer<typeof machineUseSchema>;

/** @param runCpuSeconds processor time of the run, its trainer included */
export function useBetween(before: MachineState, after: MachineState, runCpuSeconds: number): MachineUse {
  const seconds = (after.at - before.at) / 1000;
  const total = differenceOf(before.processors?.totalSeconds, after.processors?.totalSeconds);
  const busy = differenceOf(before.processors?.busySeconds, after.processors?.busySeconds);
  const steal = differenceOf(before.processors?.stealSeconds, after.processors?.stealSeconds);
  const own =
    runCpuSeconds +
    (after.benchCpuSeconds - before.benchCpuSeconds) +
    // Less where a helper has ended since whose parent is none of Docker's.
    Math.max(0, differenceOf(before.daemonCpuSeconds, after.daemonCpuSeconds) ?? 0);
  const share = (part: number | null): number | null =>
    part === null || total === null || total <= 0 ? null : Math.min(1, Math.max(0, part / total));
  const pressure = differenceOf(before.cpuPressureSeconds, after.cpuPressureSeconds);
  return {
    seconds,
    othersShare: share(busy === null ? null : busy - own),
    stealShare: share(steal),
    thermalThrottles: differenceOf(before.thermalThrottles, after.thermalThrottles),
    cgroupThrottledSeconds: differenceOf(before.cgroup?.throttledSeconds, after.cgroup?.throttledSeconds),
    pressureShare: pressure === null || seconds <= 0 ? null : Math.min(1, pressure / seconds),
    frequencyMHz: after.frequenciesMHz === null ? null : Math.max(...after.frequenciesMHz),
  };
}

const differenceOf = (before: number | null | undefined, after: number | null | undefined): number | null =>
  before == null || after == null ? null : after - before;
