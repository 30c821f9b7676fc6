/** What the machine was doing at a moment: an entry of a bench's log. What a system does not tell is null. */
import { z } from 'zod';

export const machineStateSchema = z.object({
  /** Milliseconds since the Unix epoch. */
  at: z.number(),
  /** Over 1, 5 and 15 minutes. */
  loadAverages: z.array(z.number()).length(3).nullable(),
  /** That have a processor or wait for one, without the one that looks. */
  runningProcesses: z.int().nullable(),
  /** Seconds since the machine was started, over all processors. */
  processors: z
    .object({
      count: z.int(),
      busySeconds: z.number(),
      totalSeconds: z.number(),
      /** Taken by other virtual machines. */
      stealSeconds: z.number(),
    })
    .nullable(),
  /** Of each processor. */
  frequenciesMHz: z.array(z.number()).nullable(),
  governors: z.array(z.string()).nullable(),
  /** How often processors were slowed down for their heat, since the machine was started. */
  thermalThrottles: z.int().nullable(),
  /** Of the control group that the bench is in: how long its limit has held it up. */
  cgroup: z.object({ throttledPeriods: z.int(), throttledSeconds: z.number() }).nullable(),
  /** Seconds in which some process waited for a processor, since the machine was started. */
  cpuPressureSeconds: z.number().nullable(),
  availableBytes: z.number(),
  /** Processor time of a Docker daemon on this machine, its helpers included. */
  daemonCpuSeconds: z.number().nullable(),
  /** Processor time of the bench itself. */
  benchCpuSeconds: z.number(),
});
export type MachineState = z.infer<typeof machineStateSchema>;
