import { EXIT } from '../contract/errors.js';

const STATUS = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;
type StopSignal = keyof typeof STATUS;

export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

export interface Interruption extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Exit status that the received signal asks for; undefined while there was none. */
  readonly exitStatus: () => number | undefined;
}

/**
 * The first SIGINT or SIGTERM asks the work to end in good order; the second leaves at once.
 * Disposing gives the signals back to Node.
 */
export function listenForSignals(
  source: SignalSource,
  { onFirst, onSecond }: { onFirst: (signal: StopSignal) => void; onSecond: (exitStatus: number) => void },
): Interruption {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  const listener = (signal: StopSignal): void => {
    if (received !== undefined) {
      onSecond(STATUS[signal]);
      return;
    }
    received = signal;
    onFirst(signal);
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) source.on(signal, listener);
  return {
    signal: controller.signal,
    exitStatus: () => (received === undefined ? undefined : STATUS[received]),
    [Symbol.dispose]: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) source.off(signal, listener);
    },
  };
}
