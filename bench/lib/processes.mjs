/** Every measured run is a process of its own: nothing that one leaves in memory helps or hinders the next. */
import { spawn } from 'node:child_process';

/**
 * Runs a program to its end.
 * @returns {Promise<{ wallMs: number, stdout: string }>} from before it is started to its exit
 * @throws with the end of its stderr if it fails
 */
export function runTimed(command, args, { env = {}, signal } = {}) {
  return new Promise((done, failed) => {
    const start = performance.now();
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let stdout = '';
    let stderr = '';
    let wallMs = 0;
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', failed);
    child.on('exit', () => (wallMs = performance.now() - start));
    child.on('close', (status, killer) => {
      if (status === 0) return done({ wallMs, stdout });
      const words = stderr.trim().split('\n').slice(-8).join('\n');
      failed(new Error(`${[command, ...args].join(' ')} ended with ${killer ?? status}:\n${words}`));
    });
  });
}

/** The last line of a program that reports in one JSON document a line. */
export const lastJson = (stdout) => JSON.parse(stdout.trim().split('\n').at(-1));
