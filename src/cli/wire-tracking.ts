/** The logging task, put together: only what records runs loads it, and with it its clients. */
import { systemClock } from '../common/clock.js';
import { connectTracking as connect } from '../tracking/index.js';
import type { Tracking } from '../tracking/tracking.js';
import type { ConnectTracking } from './services.js';
import { originOf } from './tracking/origin.js';

export async function connectTracking({ cwd, ...options }: ConnectTracking): Promise<Tracking> {
  return connect({ ...options, environment: await originOf(cwd), clock: systemClock });
}
