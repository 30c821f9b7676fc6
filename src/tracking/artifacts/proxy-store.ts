import type { AxiosResponse } from 'axios';
import pMap from 'p-map';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { describeIssues } from '../../common/parse.js';
import { RunnerError } from '../../contract/errors.js';
import { failureOfAnswer, TrackingFailure } from '../mlflow/failure.js';
import { send, type HttpAccess } from '../mlflow/http.js';
import { failureOfError } from '../mlflow/network-failure.js';
import type { ArtifactFile, ArtifactStore, Mismatch } from './artifact-store.js';
import { readWhole, streamChecked } from './checked-file.js';
import { mediaTypeOf } from './media-type.js';
import { artifactUrl, checkStorable, LIST_URL, parseProxyUri, SERVER_INFO_URL } from './proxy-address.js';
import { asStoreFailure } from './proxy-failure.js';
import { beginProxyUpload, openPartSender, type PartSender } from './proxy-multipart.js';
import { tlsOf } from './s3-settings.js';
import { planParts, sendInParts } from './send-in-parts.js';
import { verifyFiles, type StoreReader } from './verify-files.js';

/** The server is one Python process: with two requests at hand it never waits for the next. */
const CONCURRENCY = 4;
/** Smaller ones go in one piece, from memory. */
const WHOLE_BYTES = 1024 * 1024;
/** Of the store behind the proxy; smaller ones are through sooner in one request. */
const MULTIPART_BYTES = 100 * 1024 * 1024;
const LISTINGS = 4;
/** The server answers when it has passed the file on to its own store: at 1 MB/s, and some time for small ones. */
const answerTimeoutMs = (bytes: number): number => 120_000 + bytes / 1000;

const listingSchema = z.object({
  files: z
    .array(
      z.object({
        path: z.string(),
        is_dir: z.boolean().default(false),
        file_size: z.coerce.number().optional(),
      }),
    )
    .default([]),
});
/** A text that is JSON, as its value. */
const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('no JSON');
    return z.NEVER;
  }
});
const serverInfoSchema = z.object({ multipart_uploads_enabled: z.boolean().optional() });

export interface ProxyOptions {
  /** Of the tracking server. */
  readonly http: HttpAccess;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * MLflow's artifact proxy: the server passes artifacts on to its own store.
 * @throws RunnerError `artifact-store-unsupported`, `bad-config` or `bad-credentials`
 */
export async function openProxyStore(uri: string, { http, env }: ProxyOptions): Promise<ArtifactStore> {
  const { serverUrl, root } = parseProxyUri(uri, http.baseUrl);
  const access = serverUrl === http.baseUrl ? http : http.to(serverUrl);
  return new ProxyStore(uri, { access, root, sender: openPartSender(await tlsOf(env)) }, wishOf(env));
}

/** As MLflow's client has it: undefined leaves it to what the server says. */
function wishOf({ MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: wish }: NodeJS.ProcessEnv): boolean | undefined {
  return wish === undefined || wish === '' ? undefined : ['true', '1'].includes(wish.toLowerCase());
}

interface Parts {
  readonly access: HttpAccess;
  readonly root: string;
  readonly sender: PartSender;
}

class ProxyStore implements ArtifactStore, StoreReader {
  readonly uri: string;
  readonly concurrency = CONCURRENCY;
  readonly #access: HttpAccess;
  readonly #root: string;
  readonly #sender: PartSender;
  /** Undefined until the server was asked. */
  #inParts: boolean | undefined;
  #answers = false;

  constructor(uri: string, { access, root, sender }: Parts, inParts: boolean | undefined) {
    this.uri = uri;
    this.#access = access;
    this.#root = root;
    this.#sender = sender;
    this.#inParts = inParts;
  }

  async put(file: ArtifactFile, signal: AbortSignal): Promise<void> {
    const path = this.#path(file);
    checkStorable(path);
    await this.#ask(signal, async () => {
      if (file.bytes <= WHOLE_BYTES) {
        await send(this.#access, {
          ...{ what: `store ${path}`, method: 'PUT', path: artifactUrl(path) },
          body: await readWhole(file, signal),
          contentType: mediaTypeOf(path),
          signal,
        });
        return;
      }
      await this.#checkAnswers(signal);
      if (file.bytes >= MULTIPART_BYTES && (await this.#takesParts(signal))) {
        if (await this.#putInParts(file, path, signal)) return;
      }
      await this.#putStreamed(file, path, signal);
    });
  }

  verify(
    files: readonly ArtifactFile[],
    options: { readonly deep: boolean; readonly signal: AbortSignal },
  ): Promise<readonly Mismatch[]> {
    return verifyFiles(files, this, options);
  }

  close(): void {
    this.#sender.close();
  }

  async sizes(files: readonly ArtifactFile[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const folders = [...new Set(files.map(({ path }) => posix.dirname(path)))];
    const sizes = new Map<string, number>();
    const list = async (folder: string): Promise<void> => {
      const entries = await this.#ask(signal, () => this.#list(posix.join(this.#root, folder), signal));
      for (const { path, is_dir: isFolder, file_size: size } of entries) {
        if (!isFolder && size !== undefined) sizes.set(posix.join(folder, posix.basename(path)), size);
      }
    };
    await pMap(folders, list, { concurrency: LISTINGS });
    return sizes;
  }

  read(file: ArtifactFile, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const path = this.#path(file);
    return this.#ask(signal, async () => {
      const response = await this.#request<Readable>(`read ${path}`, signal, {
        ...{ method: 'GET', url: artifactUrl(path), responseType: 'stream' },
      });
      if (isSuccess(response.status)) return response.data;
      throw this.#refusal(`read ${path}`, response, await textOf(response.data));
    });
  }

  /**
   * An answer to the first bytes of a large file, as that this user may not write, can be lost while the rest is still
   * being sent: asked for beforehand it cannot.
   */
  async #checkAnswers(signal: AbortSignal): Promise<void> {
    if (this.#answers) return;
    await this.#list(this.#root, signal);
    this.#answers = true;
  }

  async #list(folder: string, signal: AbortSignal): Promise<z.infer<typeof listingSchema>['files']> {
    const what = `list ${folder}`;
    const query = { path: folder };
    const answer = await send(this.#access, { what, method: 'GET', path: LIST_URL, query, signal });
    return this.#parse(listingSchema, what, answer.body).files;
  }

  async #takesParts(signal: AbortSignal): Promise<boolean> {
    if (this.#inParts !== undefined) return this.#inParts;
    const what = 'say what it offers';
    try {
      const answer = await send(this.#access, { what, method: 'GET', path: SERVER_INFO_URL, signal });
      this.#inParts = this.#parse(serverInfoSchema, what, answer.body).multipart_uploads_enabled ?? false;
    } catch (error) {
      // Servers before 3.15 have no such call.
      if (!(error instanceof TrackingFailure) || error.clarity !== 'refused') throw error;
      this.#inParts = false;
    }
    return this.#inParts;
  }

  /** @returns false if it cannot be done here: then nothing was sent, and nothing will be in parts */
  async #putInParts(file: ArtifactFile, path: string, signal: AbortSignal): Promise<boolean> {
    const plan = planParts(file.bytes);
    let arrived = false as boolean;
    try {
      const upload = await beginProxyUpload(this.#access, this.#sender, { path, parts: plan.parts }, signal);
      const sendPart: typeof upload.sendPart = async (...part) => {
        await upload.sendPart(...part);
        arrived = true;
      };
      await sendInParts(file, { ...upload, sendPart }, plan, signal);
      return true;
    } catch (error) {
      if (arrived || !(error instanceof TrackingFailure) || !isNoWay(error)) throw error;
      this.#inParts = false;
      return false;
    }
  }

  async #putStreamed(file: ArtifactFile, path: string, signal: AbortSignal): Promise<void> {
    const what = `store ${path}`;
    const body = streamChecked(file, signal);
    let response: AxiosResponse<string>;
    try {
      response = await this.#request<string>(what, signal, {
        ...{ method: 'PUT', url: artifactUrl(path), data: body, timeout: answerTimeoutMs(file.bytes) },
        headers: { 'Content-Type': mediaTypeOf(path), 'Content-Length': file.bytes },
      });
    } catch (error) {
      // What has broken the body off is why the request failed.
      throw body.errored instanceof RunnerError ? body.errored : error;
    } finally {
      body.destroy();
    }
    if (!isSuccess(response.status)) throw this.#refusal(what, response, response.data);
  }

  async #request<T>(
    what: string,
    signal: AbortSignal,
    config: Parameters<HttpAccess['client']['request']>[0],
  ): Promise<AxiosResponse<T>> {
    try {
      return await this.#access.client.request<T>({ ...config, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw failureOfError(this.#access, what, error);
    }
  }

  #refusal(what: string, { status, headers }: AxiosResponse, body: string): TrackingFailure {
    const plain = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    return failureOfAnswer(this.#access, what, { status, headers: Object.fromEntries(plain), body });
  }

  #parse<T>(schema: z.ZodType<T>, what: string, body: string): T {
    const { success, data, error } = jsonText.pipe(schema).safeParse(body);
    if (success) return data;
    throw new TrackingFailure(
      'tracking-refused',
      `${this.#access.baseUrl} was to ${what}, but gave an answer of no use: ${describeIssues(error)}.`,
      { clarity: 'refused' },
    );
  }

  #path({ path }: ArtifactFile): string {
    return posix.join(this.#root, path);
  }

  async #ask<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw asStoreFailure(error);
    }
  }
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** The server does not offer it after all, or the store behind it has an address that leads nowhere from here. */
const isNoWay = ({ status, code, cause }: TrackingFailure): boolean =>
  status === 501 ||
  status === 404 ||
  (status === undefined && code === 'tracking-unreachable' && cause !== undefined);

async function textOf(stream: Readable): Promise<string> {
  return Buffer.concat(await stream.toArray()).toString('utf8');
}
