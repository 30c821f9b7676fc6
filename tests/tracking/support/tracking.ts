import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/common/clock.js';
import { connectTracking } from '../../../src/tracking/index.js';
import type { Recorded, RecordOptions, RunToRecord, Tracking } from '../../../src/tracking/tracking.js';
import { sharedServers } from './read-back.js';

export interface TrackingOptions {
  /** The shared server by default. */
  readonly uri?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly hurried?: boolean;
}

/** The logging task, put together as the command does; closed after the test. */
export async function trackingAt({
  uri,
  env = {},
  hurried = false,
}: TrackingOptions = {}): Promise<Tracking> {
  const tracking = await connectTracking({
    ...{ uri: uri ?? sharedServers().uri, hurried, clock: systemClock },
    // No credentials of the surroundings.
    env: { HOME: '/nowhere', ...env },
    environment: () => Promise.resolve({ host: 'another-host', runnerVersion: '0.0.0' }),
  });
  onTestFinished(() => tracking.close());
  return tracking;
}

/** Records a run wholly. @throws what kept it from being complete */
export async function recordWhole(
  tracking: Tracking,
  run: RunToRecord,
  options: Partial<RecordOptions> = {},
): Promise<Recorded> {
  const recorded = await tracking.record(run, { signal: new AbortController().signal, ...options });
  if (recorded.problem !== null) throw recorded.problem;
  return recorded;
}
