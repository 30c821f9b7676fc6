const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Has `end` called, which cannot wait for anything, when this process ends, or is ended by a signal: vitest's own
 * processes then end without a word.
 * @returns what takes that back
 */
export function endWithProcess(end: () => void): () => void {
  const takeBack = (): void => {
    process.off('exit', end);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    end();
    takeBack();
    // As it would have ended without us.
    process.kill(process.pid, signal);
  };
  process.on('exit', end);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return takeBack;
}
