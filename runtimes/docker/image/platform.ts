import { RunnerError } from '../../../src/contract/errors.js';
import { PLATFORM } from '../../../src/engine/cache.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import type { DaemonConnection } from '../connection/connection.js';
import { toDaemonError } from '../connection/daemon-error.js';
import { withDeadline } from '../connection/deadline.js';
import type { ImagePlan } from './plan.js';

/** Go's names of what Node calls otherwise; both the daemon's API and `uname -m` occur. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  ...{ amd64: 'x64', x86_64: 'x64' },
  ...{ arm64: 'arm64', aarch64: 'arm64' },
};

/**
 * An image holds this machine's own engine and native modules, so the daemon must run what this machine runs.
 * @throws RunnerError `image-build-failed` with what is possible instead
 */
export async function requireSamePlatform(
  connection: DaemonConnection,
  plan: ImagePlan,
  { signal, platform = PLATFORM }: { readonly signal: AbortSignal; readonly platform?: string },
): Promise<void> {
  const { platform: ofFiles } = plan.trainerFiles;
  if (!platform.startsWith('linux-')) {
    throw cannotBuild(`this machine is ${platform}, and containers run Linux`);
  }
  if (ofFiles !== platform)
    throw cannotBuild(`runner was built for ${ofFiles}, and this machine is ${platform}`);
  const ofDaemon = await platformOf(connection, signal);
  if (ofDaemon !== platform) {
    throw cannotBuild(
      `this machine is ${platform}, and the Docker daemon at ${connection.address} runs ${ofDaemon}`,
    );
  }
}

async function platformOf(connection: DaemonConnection, signal: AbortSignal): Promise<string> {
  try {
    const { Os: os, Arch: arch } = await withDeadline(signal, ANSWER_MS.describe, () =>
      connection.docker.version(),
    );
    return `${os}-${ARCHITECTURES[arch] ?? arch}`;
  } catch (error) {
    signal.throwIfAborted();
    throw toDaemonError(error, connection, 'its version');
  }
}

const cannotBuild = (why: string): RunnerError =>
  new RunnerError('image-build-failed', `A trainer image cannot be built here: ${why}.`, {
    hint: 'Build it where both are of one platform with `runner image build`, bring it by `docker save` and `docker load`, and name it with --image; or take --mode inprocess.',
  });
