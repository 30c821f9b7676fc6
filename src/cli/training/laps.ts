import type { Clock } from '../../common/clock.js';

export interface Laps {
  /** Ends the phase that began with the end of the one before. */
  readonly end: (phase: string) => void;
  /** Milliseconds of the phases that have ended, in their order. */
  readonly phases: Readonly<Record<string, number>>;
}

/** Phases one after the other, without gaps. The clock starts with the process, and so does the first phase. */
export function startLaps(clock: Clock): Laps {
  const phases: Record<string, number> = {};
  let since = 0;
  return {
    end(phase) {
      const now = clock.elapsed();
      phases[phase] = now - since;
      since = now;
    },
    phases,
  };
}
