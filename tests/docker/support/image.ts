import {
  ensureImage,
  listImages,
  planImage,
  removeImages,
  type TrainerImage,
} from '../../../runtimes/docker/image/index.js';
import { connect, type DaemonConnection } from '../../../runtimes/docker/connection/connection.js';
import { prepareEngine } from '../../../src/engine/prepare-engine.js';
import { dockerEnv } from '../../support/docker.js';

let image: Promise<TrainerImage> | undefined;

/**
 * The trainer's image of the sources as they are, on the tests' daemon. Built when it has changed; the daemon keeps it
 * between runs of the tests.
 */
export const testImage = (): Promise<TrainerImage> => (image ??= build());

export const testConnection = (): Promise<DaemonConnection> => connect(dockerEnv());

async function build(): Promise<TrainerImage> {
  const connection = await testConnection();
  const plan = await planImage({ engine: await prepareEngine(), kind: 'cpu' });
  const built = await ensureImage(connection, plan, { onNotice: (text) => console.log(text) });
  if (built.built) await removeOthers(connection, plan.tag);
  return built;
}

/** Those of earlier sources: 20 MB each beside what they share. */
async function removeOthers(connection: DaemonConnection, current: string): Promise<void> {
  const others = (await listImages(connection)).filter(
    ({ kind, tags }) => kind === 'cpu' && !tags.includes(current),
  );
  await removeImages(connection, { names: others.map(({ id }) => id) });
}
