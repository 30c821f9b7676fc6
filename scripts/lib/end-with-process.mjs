/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Has `end` called, which cannot wait for anything, when this process ends, or is ended by a signal: vitest's own
 * processes then end without a word.
 * @param {() => void} end
 * @returns {() => void} what takes that back
 */
export function endWithProcess(end) {
  const takeBack = () => {
    process.off('exit', end);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
    end();
    takeBack();
    // As it would have ended without us.
    process.kill(process.pid, signal);
  };
  process.on('exit', end);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return takeBack;
}
