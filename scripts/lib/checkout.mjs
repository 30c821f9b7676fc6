/** Brings a checkout into a state in which it can run: packages installed, sources compiled. Plain JavaScript, because
 * it runs before anything is installed. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeCurrent } from './builds.mjs';
import { CLI, ROOT } from './paths.mjs';
import { withLock } from './lock.mjs';

export { CLI, ROOT };

const OLDEST_NODE = [20, 19];

/** Ends with what is wrong and what to do about it, when this Node is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  fail(
    `Node ${process.versions.node} is too old: runner needs ${OLDEST_NODE.join('.')} or later. Install a current Node from https://nodejs.org.`,
  );
}

/** Installs what the lockfile says, unless just that is installed. */
export function ensureInstalled() {
  if (isInstalled()) return;
  withLock(() => {
    if (isInstalled()) return;
    say('Installing packages (npm ci)…');
    runOrFail(
      'npm',
      ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'],
      'Packages could not be installed: check the network and the npm configuration.',
    );
  });
}

/**
 * Compiles TypeScript when no build has just these sources, puts some packages into it as one file each, lists what of it goes
 * into the trainer's image, and makes that build the current one.
 */
export function ensureBuilt() {
  makeCurrent((folder) => {
    say('Compiling TypeScript…');
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    runOrFail(
      process.execPath,
      [tsc, '-p', 'tsconfig.build.json', '--outDir', folder],
      'The sources do not compile: see above.',
    );
    runOrFail(
      process.execPath,
      [join(import.meta.dirname, 'bundle-packages.mjs'), folder],
      'Packages could not be put into the build: see above.',
    );
    runOrFail(
      process.execPath,
      [join(import.meta.dirname, 'trainer-files.mjs'), folder],
      "The trainer's files could not be listed: see above.",
    );
  });
}

/** Goes on as the command line with these arguments: in this process, so that signals and exit status are its own. */
export async function becomeCli(/** @type {string[]} */ ...args) {
  process.argv.splice(2, Infinity, ...args);
  await import(pathToFileURL(CLI).href);
}

export function say(/** @type {string} */ text) {
  process.stderr.write(`${text}\n`);
}

/** @returns {never} */
export function fail(/** @type {string} */ text, status = 3) {
  say(`runner: ${text}`);
  process.exit(status);
}

/** npm writes down in node_modules what it has installed, last of all. */
function isInstalled() {
  const installed = packagesIn('node_modules/.package-lock.json');
  if (installed === undefined) return false;
  return Object.entries(packagesIn('package-lock.json') ?? {}).every(([path, { integrity, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    // Those for other platforms are left out.
    return found === undefined ? optional : found.integrity === integrity;
  });
}

/** @returns {Record<string, { integrity?: string, optional?: boolean }> | undefined} */
function packagesIn(/** @type {string} */ lockfile) {
  const path = join(ROOT, lockfile);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/** Runs a command with this terminal; ends the process if it fails. */
function runOrFail(/** @type {string} */ command, /** @type {string[]} */ args, /** @type {string} */ why) {
  // npm is a script on Windows, which only a shell finds.
  const shell = process.platform === 'win32';
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', shell });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (signal) fail(`${command} was stopped by ${signal}.`, signal === 'SIGINT' ? 130 : 143);
  if (status !== 0) fail(why);
}
