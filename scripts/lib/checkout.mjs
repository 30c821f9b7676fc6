/** Brings a checkout into a state in which it can run: packages installed, sources compiled. Plain JavaScript, because
 * it runs before anything is installed. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const CLI = join(ROOT, 'dist', 'src', 'cli', 'main.js');

const OLDEST_NODE = [20, 19];
const SOURCES = ['src', 'runtimes', 'tsconfig.json', 'tsconfig.build.json'];
const INSTALLED = join(ROOT, 'node_modules', '.installed-lockfile');
const BUILT = join(ROOT, 'dist', '.tsbuildinfo');

/** Ends with what is wrong and what to do about it, when this Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(
    `Node ${process.versions.node} is too old: runner needs ${OLDEST_NODE.join('.')} or later. Install a current Node from https://nodejs.org.`,
  );
}

/** Installs what the lockfile says, unless just that is installed. */
export function ensureInstalled() {
  const wanted = hashOf('package-lock.json') + hashOf('package.json');
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted) return;
  say('Installing packages (npm ci)…');
  runOrExit(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'],
    'Packages could not be installed: check the network and the npm configuration.',
  );
  writeFileSync(INSTALLED, wanted);
}

/** Compiles TypeScript when a source is newer than the last build. */
export function ensureBuilt() {
  const built = modifiedAt(BUILT);
  if (built > 0 && newest(SOURCES.map((source) => join(ROOT, source))) <= built) return;
  say('Compiling TypeScript…');
  // From scratch: a module that was removed must not live on in dist/.
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  runOrExit(process.execPath, [tsc, '-p', 'tsconfig.build.json'], 'The sources do not compile: see above.');
}

/** Runs a command with this terminal; ends the process if it fails. */
export function runOrExit(command, args, whenItFails) {
  const status = run(command, args);
  if (status !== 0) fail(whenItFails, status);
}

/** Runs a command with this terminal. @returns its exit status, as a shell counts it */
export function run(command, args, env = {}) {
  // npm is a script on Windows, which only a shell finds.
  const { status, signal, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  });
  if (error) fail(`${command} could not be started: ${error.message}`);
  return status ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1);
}

export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function fail(text, status = 3) {
  say(`runner: ${text}`);
  process.exit(status);
}

const hashOf = (file) =>
  createHash('sha256')
    .update(readFileSync(join(ROOT, file)))
    .digest('hex');

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newest(paths) {
  let latest = 0;
  for (const path of paths) {
    const { mtimeMs } = statSync(path);
    if (!statSync(path).isDirectory()) latest = Math.max(latest, mtimeMs);
    // A folder's own time changes when a file in it is removed or renamed.
    else latest = Math.max(latest, mtimeMs, newest(readdirSync(path).map((name) => join(path, name))));
  }
  return latest;
}
