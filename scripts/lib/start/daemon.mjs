/** A Docker daemon for `npm start`: the one there is, or one that is installed and started after saying so. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { say } from '../checkout.mjs';
import {
  canInstallDocker,
  daemonFolder,
  findDaemon,
  installDocker,
  startPrivateDaemon,
  whyNoPrivateDaemon,
  whyNotInstallable,
} from '../docker-daemon.mjs';

/**
 * @typedef {{ lacking: string }
 *   | { lacking?: undefined, env: Record<string, string>, stop: () => Promise<void> }} Provided
 */

const REMEDY = 'Install and start Docker (https://docs.docker.com/engine/install), then run it again.';

/**
 * @param {{ mayInstall: true | undefined }} options `mayInstall`: nobody need be asked
 * @returns {Promise<Provided>}
 */
export async function provideDaemon({ mayInstall }) {
  const found = await findDaemon(process.env);
  if (found.reachable) return { env: {}, stop: async () => undefined };
  // Whoever names a daemon means that one.
  if (process.env.DOCKER_HOST) return { lacking: `${found.why}. ${REMEDY}` };
  if (whyNoPrivateDaemon() !== undefined) {
    if (!canInstallDocker()) return { lacking: `${found.why}; ${whyNotInstallable()}. ${REMEDY}` };
    say(`\nThere is no Docker daemon here (${found.why}).`);
    if (!(mayInstall ?? (await isAllowed()))) return { lacking: 'as you wish.' };
    try {
      await installDocker(say);
    } catch (error) {
      return { lacking: `${error instanceof Error ? error.message : error}. ${REMEDY}` };
    }
  }
  return startDaemon();
}

/** As a service where there are services, else for as long as this lasts. @returns {Promise<Provided>} */
async function startDaemon() {
  if (existsSync('/run/systemd/system')) {
    say('Starting Docker (systemctl start docker)…');
    spawnSync('systemctl', ['start', 'docker'], { stdio: 'inherit' });
    const found = await findDaemon(process.env);
    return found.reachable
      ? { env: {}, stop: async () => undefined }
      : { lacking: `${found.why}. \`systemctl status docker\` says more.` };
  }
  say('Starting a Docker daemon for as long as this lasts…');
  try {
    const daemon = await startPrivateDaemon({ folder: daemonFolder(process.env) });
    return { env: { DOCKER_HOST: daemon.dockerHost }, stop: daemon.stop };
  } catch (error) {
    return { lacking: `${error instanceof Error ? error.message : error}. ${REMEDY}` };
  }
}

/** Without a terminal there is nobody to ask: to run this is to want it, and it was said. */
async function isAllowed() {
  if (process.env.CI || !process.stdin.isTTY || !process.stderr.isTTY) return true;
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
