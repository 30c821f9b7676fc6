/** Time as a parameter, so that tests need not wait for it. */
export interface Clock {
  /** Milliseconds since the Unix epoch: for stamps. */
  now(): number;
  /** Milliseconds since some fixed moment, never going back: for durations. */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
};
