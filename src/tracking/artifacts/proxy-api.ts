import type { AxiosResponse } from 'axios';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { describeIssues } from '../../common/parse.js';
import { failureOfAnswer, TrackingFailure } from '../mlflow/failure.js';
import { headersOf, send, type HttpAccess } from '../mlflow/http.js';
import { failureOfError } from '../mlflow/network-failure.js';
import { artifactUrl, LIST_URL, SERVER_INFO_URL } from './proxy-address.js';
import { readBack, readWords } from './read-back.js';

export interface Body {
  readonly content: Readable;
  readonly bytes: number;
  readonly mediaType: string;
}

/** The server answers when it has passed the file on to its own store: at 1 MB/s, and some time for small ones. */
const answerTimeoutMs = (bytes: number): number => 120_000 + bytes / 1000;

/** A text that is JSON, as its value. */
export const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('no JSON');
    return z.NEVER;
  }
});
const listingSchema = z.object({
  files: z
    .array(
      z.object({
        /** From the folder that is listed. */
        path: z.string(),
        is_dir: z.boolean().default(false),
        file_size: z.coerce.number().optional(),
      }),
    )
    .default([]),
});
export type Listing = z.infer<typeof listingSchema>['files'];
const serverInfoSchema = z.object({ multipart_uploads_enabled: z.boolean().default(false) });

/**
 * The calls of MLflow's artifact proxy. Paths are from its root.
 * @throws TrackingFailure each; the signal's reason once it is aborted
 */
export class ProxyApi {
  readonly #access: HttpAccess;

  constructor(access: HttpAccess) {
    this.#access = access;
  }

  /** Of a folder that is not there: empty. */
  async list(folder: string, signal: AbortSignal): Promise<Listing> {
    const what = `list ${folder}`;
    const query = { path: folder };
    const answer = await send(this.#access, { what, method: 'GET', path: LIST_URL, query, signal });
    return this.#parse(listingSchema, what, answer.body).files;
  }

  /** Whether the server offers uploads in parts: its store is one that can sign addresses for them. */
  async offersParts(signal: AbortSignal): Promise<boolean> {
    const what = 'say what it offers';
    try {
      const answer = await send(this.#access, { what, method: 'GET', path: SERVER_INFO_URL, signal });
      return this.#parse(serverInfoSchema, what, answer.body).multipart_uploads_enabled;
    } catch (error) {
      // Older servers have no such call.
      if (error instanceof TrackingFailure && error.clarity === 'refused') return false;
      throw error;
    }
  }

  async put(path: string, content: Buffer, contentType: string, signal: AbortSignal): Promise<void> {
    const request = { what: `store ${path}`, method: 'PUT', path: artifactUrl(path) } as const;
    await send(this.#access, { ...request, body: content, contentType, signal });
  }

  /** @throws also, as it is, the error that has broken the content off */
  async putStream(path: string, { content, bytes, mediaType }: Body, signal: AbortSignal): Promise<void> {
    const what = `store ${path}`;
    try {
      const response = await this.#request<string>(what, signal, {
        ...{ method: 'PUT', url: artifactUrl(path), data: content, timeout: answerTimeoutMs(bytes) },
        headers: { 'Content-Type': mediaType, 'Content-Length': bytes },
      });
      if (!isSuccess(response.status)) throw this.#refusal(what, response, response.data);
    } catch (error) {
      throw content.errored ?? error;
    } finally {
      content.destroy();
    }
  }

  /** The content fails as the call does. */
  async read(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const what = `read ${path}`;
    const config = {
      ...({ method: 'GET', url: artifactUrl(path), responseType: 'stream' } as const),
      // It is read as it comes.
      maxContentLength: Infinity,
    };
    const response = await this.#request<Readable>(what, signal, config);
    const asFailure = (error: unknown): unknown => {
      signal.throwIfAborted();
      return failureOfError(this.#access, what, error);
    };
    if (isSuccess(response.status)) return readBack(response.data, asFailure);
    throw this.#refusal(what, response, await readWords(response.data, asFailure));
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

  #refusal(what: string, response: AxiosResponse<unknown>, body: string): TrackingFailure {
    const { status } = response;
    return failureOfAnswer(this.#access, what, { status, headers: headersOf(response), body });
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
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;
