import pMap from 'p-map';
import { posix } from 'node:path';
import { TrackingFailure } from '../mlflow/failure.js';
import type { HttpAccess } from '../mlflow/http.js';
import type { ArtifactSource } from './artifact-source.js';
import type { ArtifactFile, ArtifactStore } from './artifact-store.js';
import { readWhole, streamChecked } from './checked-file.js';
import { mediaTypeOf } from './media-type.js';
import { checkStorable, parseProxyUri } from './proxy-address.js';
import { ProxyApi } from './proxy-api.js';
import { asStoreFailure } from './proxy-failure.js';
import { beginProxyUpload, openPartSender, type PartSender } from './proxy-multipart.js';
import { tlsOf } from './s3-settings.js';
import { planParts, sendInParts, type PartedUpload } from './send-in-parts.js';
import { retryAtStore, STORE_PATIENCE } from './store-retry.js';
import { withVerify, type StoreAdapter } from './verify-files.js';

/** The server is one Python process: with a few requests at hand it never waits for the next. */
const CONCURRENCY = 4;
/** Smaller ones go in one piece, from memory. */
const WHOLE_BYTES = 1024 * 1024;
/** Smaller ones are through sooner in one request; MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE says otherwise. */
const MULTIPART_BYTES = 100 * 1024 * 1024;
const LISTINGS = 4;

export interface ProxyOptions {
  /** Of the tracking server. */
  readonly http: HttpAccess;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * MLflow's artifact proxy: the server passes artifacts on to its own store.
 * @throws RunnerError `artifact-store-unsupported` or `bad-credentials`
 */
export const openProxyStore = async (uri: string, options: ProxyOptions): Promise<ArtifactStore> =>
  withVerify(await connectProxy(uri, options));

/** The same, to be read from. */
export const openProxySource = (uri: string, options: ProxyOptions): Promise<ArtifactSource> =>
  connectProxy(uri, options);

async function connectProxy(uri: string, { http, env }: ProxyOptions): Promise<ProxyStore> {
  const { serverUrl, root } = parseProxyUri(uri, http.baseUrl);
  const access = serverUrl === http.baseUrl ? http : http.to(serverUrl);
  // The store behind the proxy is S3, if it takes parts.
  const sender = openPartSender(await tlsOf(env));
  return new ProxyStore(uri, { access, root, sender }, multipartOf(env));
}

interface Multipart {
  /** Undefined leaves it to what the server says. */
  readonly enabled: boolean | undefined;
  readonly fromBytes: number;
}

/** By the variables of MLflow's own client. */
function multipartOf(env: NodeJS.ProcessEnv): Multipart {
  const wish = env.MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD ?? '';
  const bytes = env.MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE ?? '';
  return {
    enabled: wish === '' ? undefined : ['true', '1'].includes(wish.toLowerCase()),
    fromBytes: /^\d+$/.test(bytes) ? Number(bytes) : MULTIPART_BYTES,
  };
}

interface Parts {
  readonly access: HttpAccess;
  readonly root: string;
  readonly sender: PartSender;
}

class ProxyStore implements StoreAdapter {
  readonly uri: string;
  readonly concurrency = CONCURRENCY;
  readonly #access: HttpAccess;
  readonly #api: ProxyApi;
  readonly #root: string;
  readonly #sender: PartSender;
  readonly #partsFromBytes: number;
  /** Undefined until the server was asked. */
  #takesParts: boolean | undefined;
  /** Whether it has once answered that this user may use it. */
  #answers = false;

  constructor(uri: string, { access, root, sender }: Parts, { enabled, fromBytes }: Multipart) {
    this.uri = uri;
    this.#access = access;
    this.#api = new ProxyApi(access);
    this.#root = root;
    this.#sender = sender;
    this.#takesParts = enabled;
    this.#partsFromBytes = fromBytes;
  }

  async put(file: ArtifactFile, signal: AbortSignal): Promise<void> {
    const path = this.#path(file);
    checkStorable(path);
    await asStore(signal, async () => {
      if (file.bytes <= WHOLE_BYTES) {
        await this.#api.put(path, await readWhole(file, signal), mediaTypeOf(path), signal);
        return;
      }
      // The answer to the first bytes of a large file, as that this user may not write, can be lost while the rest is
      // still being sent: asked for beforehand it cannot.
      if (!this.#answers) await this.#api.list(this.#root, signal);
      this.#answers = true;
      if (file.bytes >= this.#partsFromBytes && (await this.#putInParts(file, path, signal))) return;
      const content = streamChecked(file, signal);
      await this.#api.putStream(path, { content, bytes: file.bytes, mediaType: mediaTypeOf(path) }, signal);
    });
  }

  close(): void {
    this.#sender.close();
  }

  async sizes(files: readonly ArtifactFile[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const folders = [...new Set(files.map(({ path }) => posix.dirname(path)))];
    const sizes = new Map<string, number>();
    const list = async (folder: string): Promise<void> => {
      const listed = posix.join(this.#root, folder);
      const entries = await retryAtStore(
        () => asStore(signal, () => this.#api.list(listed, signal)),
        STORE_PATIENCE,
        signal,
      );
      for (const entry of entries) {
        const { path, is_dir: isFolder, file_size: size } = entry;
        // MLflow leaves out the size of an empty file.
        if (!isFolder) sizes.set(posix.join(folder, posix.basename(path)), size ?? 0);
      }
    };
    await pMap(folders, list, { concurrency: LISTINGS });
    return sizes;
  }

  async read(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null> {
    const stored = posix.join(this.#root, path);
    return asStore(signal, async () => {
      try {
        return contentAsStore(await this.#api.read(stored, signal));
      } catch (error) {
        signal.throwIfAborted();
        if (await this.#isMissing(stored, error, signal)) return null;
        throw error;
      }
    });
  }

  /** What MLflow answers for a file that is not there depends on the store behind it: of some that is a failure like any. */
  async #isMissing(stored: string, error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!(error instanceof TrackingFailure)) return false;
    if (error.serverCode === 'RESOURCE_DOES_NOT_EXIST') return true;
    if (error.status !== 500) return false;
    const listing = await this.#api.list(posix.dirname(stored), signal);
    return !listing.some(
      ({ path, is_dir: isFolder }) => !isFolder && posix.basename(path) === posix.basename(stored),
    );
  }

  /** @returns false if it cannot be done here: then nothing was sent, and no other file will be sent in parts */
  async #putInParts(file: ArtifactFile, path: string, signal: AbortSignal): Promise<boolean> {
    this.#takesParts ??= await this.#api.offersParts(signal);
    if (!this.#takesParts) return false;
    const plan = planParts(file.bytes);
    let [begun, arrived] = [false as boolean, false as boolean];
    try {
      signal.throwIfAborted();
      const upload = await beginProxyUpload(this.#access, this.#sender, { path, parts: plan.parts });
      begun = true;
      const sendPart: PartedUpload['sendPart'] = async (...part) => {
        await upload.sendPart(...part);
        arrived = true;
      };
      await sendInParts(file, { ...upload, sendPart }, plan, signal);
      return true;
    } catch (error) {
      if (arrived || !(begun ? isNoWay(error) : isNotOffered(error))) throw error;
      this.#takesParts = false;
      return false;
    }
  }

  #path({ path }: ArtifactFile): string {
    return posix.join(this.#root, path);
  }
}

const isNotOffered = (error: unknown): boolean =>
  error instanceof TrackingFailure && (error.status === 501 || error.status === 404);

/** The store behind the proxy has an address that leads nowhere from here. */
const isNoWay = (error: unknown): boolean =>
  error instanceof TrackingFailure && error.status === undefined && error.code === 'tracking-unreachable';

async function* contentAsStore(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    throw asStoreFailure(error);
  }
}

async function asStore<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw asStoreFailure(error);
  }
}
