/** Programs that `npm run gpu-proof` runs: each to its end, whatever becomes of it. */
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { CLI, ROOT } from './paths.mjs';

/** No run takes as long. One that hangs in a driver would otherwise keep the rest from being measured. */
const LONGEST_MS = 30 * 60_000;
/** To end in good order, containers included. */
const GRACE_MS = 60_000;
const KEPT_CHARACTERS = 20_000;
/** Where things are. All other settings of ours in the user's environment would be measured along. */
const KEPT_VARIABLES = new Set(['RUNNER_CACHE_DIR', 'RUNNER_PYTHON', 'RUNNER_BUILDER']);

/**
 * @typedef {object} Ended
 * @property {number | null} status null where it could not be started, or a signal has ended it
 * @property {any} [document] the JSON document that it printed, if it did
 * @property {string} words the end of its standard error
 * @property {string} [cut] what has ended it, if it did not end by itself, or why it did not begin
 */

/**
 * The command line itself, with one JSON document as its result.
 * @param {readonly string[]} args
 * @param {{ cwd: string, shows?: boolean }} options `cwd`: a folder without a configuration file; `shows`: a person sees
 *   its standard error, such as how a download goes on
 */
export const runRunner = (args, { cwd, shows = false }) =>
  runToEnd(process.execPath, [CLI, ...args, '--json'], { cwd, shows, env: withoutSettings(process.env) });

/** @param {NodeJS.ProcessEnv} env */
export const withoutSettings = (env) =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => KEPT_VARIABLES.has(name) || !/^(RUNNER|MNIST)_/.test(name)),
  );

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, shows?: boolean, longestMs?: number, graceMs?: number }} options
 * @returns {Promise<Ended>} never rejects
 */
export function runToEnd(
  program,
  args,
  { cwd, env, shows = false, longestMs = LONGEST_MS, graceMs = GRACE_MS },
) {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', shows ? 'inherit' : 'pipe'] });
    let [stdout, words, late] = ['', '', ''];
    const overdue = setTimeout(() => {
      late = `it was ended after ${Math.round(longestMs / 60_000)} minutes`;
      child.kill('SIGTERM');
    }, longestMs);
    const last = setTimeout(() => child.kill('SIGKILL'), longestMs + graceMs);
    // Ctrl-C reaches it by itself; what is meant for this process alone is passed on.
    const passOn = () => child.kill('SIGTERM');
    process.on('SIGTERM', passOn).on('SIGHUP', passOn);
    const end = (/** @type {number | null} */ status, /** @type {string} */ why) => {
      clearTimeout(overdue);
      clearTimeout(last);
      process.off('SIGTERM', passOn).off('SIGHUP', passOn);
      const cut = [late, why].filter(Boolean).join(', ');
      done({ status, document: documentIn(stdout), words: words.trim(), ...(cut && { cut }) });
    };
    child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      words = `${words}${text}`.slice(-KEPT_CHARACTERS);
    });
    child.on('error', ({ message }) => end(null, message));
    child.on('close', (status, signal) => end(status, signal === null ? '' : `ended by ${signal}`));
  });
}

/** All that was printed, or its last line, before which others may have said something. */
function documentIn(/** @type {string} */ stdout) {
  for (const text of [stdout, stdout.trim().split('\n').at(-1) ?? '']) {
    try {
      return JSON.parse(text);
    } catch {
      // None: what it has to say is on its standard error.
    }
  }
  return undefined;
}

/**
 * One line on why a program has not done what it should, without the names of this user's folders.
 * @param {Ended} ended
 */
export function whyFailed({ status, document, words, cut }) {
  const told = document?.error?.message ?? words.split('\n').at(-1) ?? '';
  const [line = ''] = String(told).split('\n');
  const why = [line.trim(), cut].filter(Boolean).join('; ') || `it ended with the exit status ${status}`;
  return why.replaceAll(ROOT, '.').replaceAll(homedir(), '~');
}
