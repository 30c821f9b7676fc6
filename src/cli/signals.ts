import type { Clock } from '../common/clock.js';
import { EXIT, RunnerError } from '../contract/errors.js';

const SIGNALS = {
  SIGINT: { exitStatus: EXIT.interrupted, code: 'interrupted' },
  SIGTERM: { exitStatus: EXIT.terminated, code: 'terminated' },
  /** The terminal was closed. */
  SIGHUP: { exitStatus: EXIT.hungUp, code: 'hung-up' },
} as const;
type StopSignal = keyof typeof SIGNALS;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

export interface Interruption extends Disposable {
  /** Aborted by the first signal; its reason is a RunnerError, `interrupted`, `terminated` or `hung-up`. */
  readonly signal: AbortSignal;
  /** Exit status that the first signal asks for; undefined while there was none. */
  readonly exitStatus: () => number | undefined;
}

export interface InterruptionOptions {
  readonly clock: Clock;
  readonly onFirst: (signal: StopSignal) => void;
  readonly onSecond: (exitStatus: number) => void;
}

/** One Ctrl-C under npm can arrive twice: from the terminal, and passed on by npm where its shell is bash. */
const SAME_PRESS_MS = 500;

/**
 * The first signal asks the work to end in good order; a second SIGINT or SIGTERM leaves at once. A SIGHUP does not:
 * a terminal that is closed sends two, one by the shell and one by the system, and nobody has pressed twice.
 * Disposing gives the signals back to Node.
 */
export function listenForSignals(
  source: SignalSource,
  { clock, onFirst, onSecond }: InterruptionOptions,
): Interruption {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  let receivedAt = 0;
  const listener = (signal: StopSignal): void => {
    if (received !== undefined) {
      const repeated = signal === received && clock.elapsed() - receivedAt < SAME_PRESS_MS;
      if (signal !== 'SIGHUP' && !repeated) onSecond(SIGNALS[signal].exitStatus);
      return;
    }
    received = signal;
    receivedAt = clock.elapsed();
    onFirst(signal);
    controller.abort(new RunnerError(SIGNALS[signal].code, `Stopped by ${signal}.`));
  };
  for (const signal of STOP_SIGNALS) source.on(signal, listener);
  return {
    signal: controller.signal,
    exitStatus: () => (received === undefined ? undefined : SIGNALS[received].exitStatus),
    [Symbol.dispose]: () => {
      for (const signal of STOP_SIGNALS) source.off(signal, listener);
    },
  };
}

export { unlessAborted } from '../common/unless-aborted.js';
