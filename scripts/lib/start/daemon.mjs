/** A Docker daemon for `npm start`: the one there is, or one that is installed and started after saying so. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { pathToFileURL } from 'node:url';
import { say } from '../checkout.mjs';
import { DIST } from '../paths.mjs';
import {
  canInstallDocker,
  daemonFolder,
  installDocker,
  startPrivateDaemon,
  whyNoPrivateDaemon,
  whyNotInstallable,
} from '../docker-daemon.mjs';

/**
 * @typedef {{ lacking: string }
 *   | { lacking?: undefined, env: Record<string, string>, temporary: boolean, stop: () => Promise<void> }} Provided
 *   `temporary`: it is gone after `stop`
 */

const REMEDY = 'Install and start Docker (https://docs.docker.com/engine/install), then run it again.';

/**
 * @param {{ mayInstall: true | undefined }} options `mayInstall`: nobody need be asked
 * @returns {Promise<Provided>}
 */
export async function provideDaemon({ mayInstall }) {
  const { daemon, why } = await inspect();
  if (daemon !== undefined) return { env: {}, temporary: false, stop: async () => undefined };
  // Whoever names a daemon means that one.
  const { DOCKER_HOST, DOCKER_CONTEXT } = process.env;
  if (DOCKER_HOST || DOCKER_CONTEXT) return { lacking: why };
  if (whyNoPrivateDaemon() !== undefined) {
    if (!canInstallDocker()) return { lacking: `${why} ${whyNotInstallable()}.` };
    say(`\n${why}`);
    if (!(mayInstall ?? (await isAllowed()))) {
      return {
        lacking: '`npm start -- --yes` installs docker.io from the packages of this system and starts it.',
      };
    }
    try {
      await installDocker(say);
    } catch (error) {
      return { lacking: `${error instanceof Error ? error.message : error}. ${REMEDY}` };
    }
  }
  return startDaemon();
}

/** As the command line itself would find it: DOCKER_HOST, contexts, the default socket. */
async function inspect() {
  const compiled = join(DIST, 'runtimes', 'docker', 'inspect-daemon.js');
  const { inspectDaemon } = await import(pathToFileURL(compiled).href);
  const { daemon, findings } = await inspectDaemon();
  const [{ value, remedy }] = findings;
  return { daemon, why: `${value} ${remedy ?? ''}`.trim() };
}

/** As a service where there are services, else for as long as this lasts. @returns {Promise<Provided>} */
async function startDaemon() {
  if (existsSync('/run/systemd/system')) {
    say('Starting Docker (systemctl start docker)…');
    spawnSync('systemctl', ['start', 'docker'], { stdio: 'inherit' });
    const { daemon, why } = await inspect();
    return daemon === undefined
      ? { lacking: `${why} \`systemctl status docker\` says more.` }
      : { env: {}, temporary: false, stop: async () => undefined };
  }
  say('Starting a Docker daemon for as long as this lasts…');
  try {
    const daemon = await startPrivateDaemon({ folder: daemonFolder(process.env) });
    return { env: { DOCKER_HOST: daemon.dockerHost }, temporary: true, stop: daemon.stop };
  } catch (error) {
    return { lacking: `${error instanceof Error ? error.message : error}. ${REMEDY}` };
  }
}

/** Without a terminal there is nobody to ask: a CI job has root and a machine of its own, anybody else says `--yes`. */
async function isAllowed() {
  if (process.env.CI) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(
      'Install docker.io from the packages of this system and start it? [Y/n] ',
    );
    return !/^n/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
