/** The logging task, put together: only what records runs loads it, and with it its clients. */
import { systemClock } from '../common/clock.js';
import type { Tracking } from '../tracking/tracking.js';
import type { ConnectTracking } from './services.js';
import { originOf } from './tracking/origin.js';

export async function connectTracking({ cwd, ...options }: ConnectTracking): Promise<Tracking> {
  // git answers while the clients are loaded.
  const [environment, { connectTracking: connect }] = await Promise.all([
    originOf(cwd),
    import('../tracking/index.js'),
  ]);
  return connect({ ...options, environment, clock: systemClock });
}
