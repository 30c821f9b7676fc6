/** A folder of an S3 through which runner and pods hand files to one another: a pod by signed addresses only. */
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { loadOptional } from '../../common/optional-package.js';
import { RunnerError } from '../../contract/errors.js';
import { TrackingFailure } from '../mlflow/failure.js';
import { askS3 } from './s3-client.js';
import { s3Failure } from './s3-failure.js';
import { s3Endpoint } from './s3-settings.js';
import { connectS3, openS3Source, openS3Store, parseS3Uri, type S3Connection } from './s3-store.js';

export interface ExchangeOptions {
  /** As for artifacts: endpoint, region, credentials. */
  readonly env: NodeJS.ProcessEnv;
  /** Address of the S3 as pods see it, where it is another: it is part of what is signed. */
  readonly podEndpoint?: string | undefined;
}

export class S3Exchange {
  readonly #bucket: string;
  readonly #prefix: string;

  private constructor(
    /** `s3://bucket/prefix`, without a slash at its end. */
    readonly uri: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly connection: S3Connection,
    /** Of the address that pods know. */
    private readonly signing: S3Client,
  ) {
    const { bucket, prefix } = parseS3Uri(uri);
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
  }

  /** Nothing is sent yet. @throws RunnerError `bad-config`, `bad-credentials`, `artifact-store-unsupported` */
  static async open(uri: string, { env, podEndpoint }: ExchangeOptions): Promise<S3Exchange> {
    const connection = await connectS3(env);
    const region = await connection.client.config.region();
    const { credentials } = connection.client.config;
    const config = { ...connection.settings.client, region, credentials };
    const isElsewhere = podEndpoint !== undefined && podEndpoint !== s3Endpoint(env);
    const signing = isElsewhere
      ? new S3Client({ ...config, endpoint: podEndpoint, forcePathStyle: true })
      : connection.client;
    return new S3Exchange(uri.replace(/\/+$/, ''), env, connection, signing);
  }

  /**
   * Sends a file, unless one of that size is there: a key names the content.
   * @throws RunnerError `storage-unreachable` or `storage-refused`, as all of these; the signal's reason
   */
  async putFile(
    key: string,
    file: { readonly file: string; readonly bytes: number; readonly sha256: string },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#ask(`put ${key}`, signal, async () => {
      const folder = key.slice(0, key.lastIndexOf('/'));
      const store = await openS3Store(`${this.uri}/${folder}`, this.env);
      try {
        const sent = { ...file, path: key.slice(folder.length + 1) };
        if ((await store.verify([sent], { deep: false, signal })).length > 0) await store.put(sent, signal);
      } finally {
        store.close();
      }
    });
  }

  async putText(key: string, text: string, signal: AbortSignal): Promise<void> {
    const { extraArgs } = this.connection.settings;
    const command = new PutObjectCommand({ ...extraArgs, ...this.#object(key), Body: text });
    await this.#ask(`put ${key}`, signal, () => this.connection.client.send(command));
  }

  /** Null if there is no such object. */
  open(key: string, signal: AbortSignal): Promise<Readable | null> {
    return this.#ask(`read ${key}`, signal, async () => {
      const content = await openS3Source(this.uri, this.connection).read(key, signal);
      return content === null ? null : Readable.from(renamed(content), { objectMode: false });
    });
  }

  /** What is not there is no error. One by one: several at once need a checksum that not all stores know. */
  async remove(keys: readonly string[], signal: AbortSignal): Promise<void> {
    for (const key of keys) {
      const command = new DeleteObjectCommand(this.#object(key));
      await this.#ask(`remove ${key}`, signal, () => this.connection.client.send(command));
    }
  }

  /**
   * An address that for some time lets whoever has it do this and nothing else.
   * @throws RunnerError `kubernetes-client-missing`; `storage-refused` without credentials
   */
  async sign(act: 'get' | 'put', key: string, seconds: number): Promise<string> {
    const name = '@aws-sdk/s3-request-presigner';
    const { getSignedUrl } = await loadOptional(name, () => import('@aws-sdk/s3-request-presigner'));
    const object = this.#object(key);
    const command = act === 'get' ? new GetObjectCommand(object) : new PutObjectCommand(object);
    return this.#ask(`sign ${key}`, NEVER, () => getSignedUrl(this.signing, command, { expiresIn: seconds }));
  }

  /** Ends connections; nothing else may be called after. */
  close(): void {
    for (const client of new Set([this.connection.client, this.signing])) client.destroy();
  }

  #object(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${key}` };
  }

  async #ask<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await askS3(signal, work);
    } catch (error) {
      signal.throwIfAborted();
      throw toStorageError(error instanceof RunnerError ? error : s3Failure(this.uri, what, error));
    }
  }
}

const NEVER = new AbortController().signal;

async function* renamed(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    throw toStorageError(error);
  }
}

/** What a store of artifacts says, where it is no run's record that fails. */
function toStorageError(error: unknown): unknown {
  if (!(error instanceof TrackingFailure)) return error;
  const code = error.code === 'artifact-store-unreachable' ? 'storage-unreachable' : 'storage-refused';
  return new RunnerError(code, error.message, { cause: error });
}
