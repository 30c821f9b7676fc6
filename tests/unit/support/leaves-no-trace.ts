/** The files of this project share their processes: what one of them leaves behind, the next would begin with. */
import { afterAll, beforeAll, expect, vi } from 'vitest';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const;

const state = () => ({
  workingDirectory: process.cwd(),
  execPath: process.execPath,
  argv: [...process.argv],
  exitCode: process.exitCode,
  listeners: SIGNALS.map((signal) => [signal, process.listenerCount(signal)]),
  fakeTimers: vi.isFakeTimers(),
});

/** Names alone: a variable's value may be a secret. */
function changedVariables(before: NodeJS.ProcessEnv): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(process.env)]);
  return [...names].filter((name) => before[name] !== process.env[name]);
}

let env: NodeJS.ProcessEnv;
let before: ReturnType<typeof state>;
beforeAll(() => {
  env = { ...process.env };
  before = state();
});
// Set up first, it is run last: after whatever the file itself clears away.
afterAll(() => {
  expect(changedVariables(env)).toEqual([]);
  expect(state()).toEqual(before);
});
