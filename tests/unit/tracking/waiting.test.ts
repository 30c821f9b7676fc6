import { expect, it } from 'vitest';
import { TrackingFailure } from '../../../src/tracking/mlflow/index.js';
import { sayWaiting } from '../../../src/tracking/waiting.js';

it('says why nothing is heard of a server, and for how long at most, but once as long as that holds', () => {
  const said: string[] = [];
  let ms = 0;
  const onWaiting = sayWaiting((text) => said.push(text), { now: () => 0, elapsed: () => ms });
  const failure = new TrackingFailure('tracking-unreachable', 'Nothing listens there.', { clarity: 'clear' });
  onWaiting(failure, 44_200);
  ms = 44_199;
  onWaiting(failure, 45_000);
  expect(said).toEqual(['Nothing listens there. It is asked again, for up to 45 s.']);
  ms = 44_200;
  onWaiting(failure, 10_000);
  expect(said.slice(1)).toEqual(['Nothing listens there. It is asked again, for up to 10 s.']);
});
