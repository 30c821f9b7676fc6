/** What a reader must know of the machine before believing a bench's figures. */
import { formatShare } from '../../../report/format.js';
import type { MachineUse } from './use.js';

/** What counts as a disturbance. */
const LIMITS = { othersShare: 0.05, stealShare: 0.01, frequencySpread: 0.1 } as const;

/** @param uses of the runs that were measured; null of one that went on while nobody looked */
export function describeMachine(uses: readonly (MachineUse | null)[]): string[] {
  const known = uses.filter((use) => use !== null);
  const runs = `${known.length} runs`;
  const shares = (name: 'othersShare' | 'stealShare'): number[] =>
    known.map((use) => use[name]).filter((share) => share !== null && share > LIMITS[name]) as number[];
  const others = shares('othersShare');
  const steal = shares('stealShare');
  const hot = known.filter(({ thermalThrottles }) => (thermalThrottles ?? 0) > 0);
  const held = known.filter(({ cgroupThrottledSeconds }) => (cgroupThrottledSeconds ?? 0) > 0);
  const frequencies = known.map(({ frequencyMHz }) => frequencyMHz).filter((one) => one !== null);
  const [slowest, fastest] = [Math.min(...frequencies), Math.max(...frequencies)];
  return [
    ...(others.length > 0
      ? [
          `Other work took more than ${percent(LIMITS.othersShare)} of the processors during ${others.length} of ${runs}, ${percent(Math.max(...others))} at most.`,
        ]
      : []),
    ...(steal.length > 0
      ? [
          `Other virtual machines took more than ${percent(LIMITS.stealShare)} of the processors during ${steal.length} of ${runs}, ${percent(Math.max(...steal))} at most.`,
        ]
      : []),
    ...(hot.length > 0
      ? [`The processors were slowed down for their heat during ${hot.length} of ${runs}.`]
      : []),
    ...(held.length > 0
      ? [`The limit of processors that the bench itself is under held up ${held.length} of ${runs}.`]
      : []),
    ...(frequencies.length > 0 && fastest > slowest * (1 + LIMITS.frequencySpread)
      ? [
          `The processors’ frequency differed between runs: ${gigahertz(slowest)} to ${gigahertz(fastest)} GHz right after them.`,
        ]
      : []),
  ];
}

const percent = (share: number): string => formatShare(share, 0);
const gigahertz = (megahertz: number): string => (megahertz / 1000).toFixed(2);
