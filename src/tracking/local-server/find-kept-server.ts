import { BRIEF, connectTrackingServer } from '../mlflow/index.js';
import type { LocalServer } from './local-server.js';
import { nameOfStore, readKeptServer } from './server-files.js';

/**
 * The server over this folder that another process keeps, if it answers.
 * @throws the signal's reason
 */
export async function findKeptServer(folder: string, signal: AbortSignal): Promise<LocalServer | undefined> {
  const kept = await readKeptServer(folder);
  if (kept === undefined) return undefined;
  const { address, version, keeper } = kept;
  if (!(await answers(address, folder, signal))) return undefined;
  return {
    ...{ address, version, name: await nameOfStore(folder), keptBy: keeper.pid },
    lost: new AbortController().signal,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function answers(address: string, folder: string, signal: AbortSignal): Promise<boolean> {
  // Credentials are for other servers: none are looked for in the environment, none in the user's home.
  const { server } = await connectTrackingServer({ uri: address, env: {}, home: folder, patience: BRIEF });
  try {
    await server.probe(signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    server.close();
  }
}
