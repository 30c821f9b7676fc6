import type { Resources } from '../contract/run-outcome.js';

/** What a run has used so far. */
export type ResourceMeter = () => Resources;

/** This process since it was started, Node's own start included: what the user waits and pays for. */
export const processMeter: ResourceMeter = () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    wallMs: Math.round(performance.now()),
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakRssBytes: maxRSS * 1024,
  };
};
