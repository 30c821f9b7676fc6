/** Installs Docker from the distribution's own packages. */
import { aptInstall, whyNoApt } from '../apt.mjs';

/** `debootstrap` makes a base image where no registry can be reached. */
const PACKAGES = ['docker.io', 'debootstrap'];

/** @returns {string | undefined} why Docker cannot be installed here; undefined when it can */
export const whyNotInstallable = () => whyNoApt('Docker');

/** Whether {@link installDocker} can work here: Debian or Ubuntu, root, x64 or arm64. */
export const canInstallDocker = () => whyNotInstallable() === undefined;

/**
 * Installs the packages without a question. Where an init system runs, the package starts the machine's daemon; where
 * none does, Debian's scripts start nothing.
 * @param {(line: string) => void} [say]
 * @throws {Error} with apt's last words
 */
export async function installDocker(say) {
  const why = whyNotInstallable();
  if (why !== undefined) throw new Error(why);
  await aptInstall(PACKAGES, say);
}
