/** The logging task, put together: only what records runs loads it, and with it its clients. */
import { systemClock } from '../common/clock.js';
import type { RunOrigin } from '../contract/run-request.js';
import type { Tracking } from '../tracking/tracking.js';
import type { ConnectTracking } from './services.js';
import { originOf } from './tracking/origin.js';

export async function connectTracking({ cwd, ...options }: ConnectTracking): Promise<Tracking> {
  const { connectTracking: connect } = await import('../tracking/index.js');
  let asked: Promise<RunOrigin> | undefined;
  const environment = (): Promise<RunOrigin> => (asked ??= originOf(cwd));
  return connect({ ...options, environment, clock: systemClock });
}
