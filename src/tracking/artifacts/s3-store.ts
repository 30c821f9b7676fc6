import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
  type GetObjectCommandInput,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import pMap from 'p-map';
import { Readable } from 'node:stream';
import { RunnerError } from '../../contract/errors.js';
import type { ArtifactSource } from './artifact-source.js';
import type { ArtifactFile, ArtifactStore } from './artifact-store.js';
import { readWhole } from './checked-file.js';
import { mediaTypeOf } from './media-type.js';
import { readBack } from './read-back.js';
import { askS3, connectTo } from './s3-client.js';
import { s3Failure } from './s3-failure.js';
import { s3Settings, type S3Settings } from './s3-settings.js';
import { beginUpload, endAbandoned } from './s3-upload.js';
import { signedWith } from './signed-body.js';
import { planParts, sendInParts, type PartedUpload } from './send-in-parts.js';
import { TrackingFailure } from '../mlflow/failure.js';
import { withVerify, type StoreAdapter } from './verify-files.js';

const CONCURRENCY = 16;
const ANSWERS_AT_ONCE = 16;
/** Of a key that the user keeps (SSE-C): S3 forgets it, and must be shown it again. */
const CUSTOMER_KEY = ['SSECustomerAlgorithm', 'SSECustomerKey', 'SSECustomerKeyMD5'] as const;

export interface S3Address {
  readonly bucket: string;
  /** Of every key: no slash at either end; may be empty. */
  readonly prefix: string;
}

/** `s3://bucket/prefix`, as it stands: MLflow takes nothing in it for an escape. @throws RunnerError `artifact-store-unsupported` */
export function parseS3Uri(uri: string): S3Address {
  const { bucket, prefix = '' } = /^s3:\/\/(?<bucket>[^/?#]+)(?:\/(?<prefix>.*))?$/is.exec(uri)?.groups ?? {};
  if (bucket !== undefined) return { bucket, prefix: prefix.replace(/^\/+|\/+$/g, '') };
  throw new RunnerError('artifact-store-unsupported', `The artifact URI ${uri} names no S3 bucket.`);
}

/**
 * S3, or what speaks its language: SeaweedFS, MinIO.
 * @throws RunnerError `artifact-store-unsupported`, `bad-config` or `bad-credentials`
 */
export async function openS3Store(uri: string, env: NodeJS.ProcessEnv): Promise<ArtifactStore> {
  const address = parseS3Uri(uri);
  const { settings, client } = await connectS3(env);
  return withVerify(new S3Store(uri, address, settings, client));
}

export interface S3Connection {
  readonly settings: S3Settings;
  readonly client: S3Client;
}

/** For several stores of one bucket. @throws RunnerError `bad-config` or `bad-credentials` */
export async function connectS3(env: NodeJS.ProcessEnv): Promise<S3Connection> {
  const settings = await s3Settings(env);
  return { settings, client: await connectTo(settings) };
}

/** To be read from; leaves the connection open. @throws RunnerError `artifact-store-unsupported` */
export function openS3Source(uri: string, { settings, client }: S3Connection): ArtifactSource {
  const store = new S3Store(uri, parseS3Uri(uri), settings, client);
  return { uri, read: (path, signal) => store.read(path, signal), close: () => undefined };
}

class S3Store implements StoreAdapter {
  readonly uri: string;
  readonly concurrency = CONCURRENCY;
  readonly #address: S3Address;
  readonly #settings: S3Settings;
  readonly #client: S3Client;

  constructor(uri: string, address: S3Address, settings: S3Settings, client: S3Client) {
    this.uri = uri;
    this.#address = address;
    this.#settings = settings;
    this.#client = client;
  }

  async put(file: ArtifactFile, signal: AbortSignal): Promise<void> {
    const { path, bytes, sha256 } = file;
    const plan = planParts(bytes);
    const input: PutObjectCommandInput = {
      ContentType: mediaTypeOf(path),
      ...this.#settings.extraArgs,
      ...this.#object(path),
      Metadata: { ...(this.#settings.extraArgs.Metadata as Record<string, string> | undefined), sha256 },
    };
    await this.#ask(`put ${path}`, signal, async () => {
      if (plan.parts === 1) {
        const Body = signedWith(await readWhole(file, signal), sha256);
        await this.#client.send(new PutObjectCommand({ ...input, Body }));
        return;
      }
      await this.#endAbandoned(path, signal);
      signal.throwIfAborted();
      const upload = await beginUpload(this.#client, input);
      await sendInParts(file, this.#named(upload, path), plan, signal);
    });
  }

  /** Each failure told by itself: one of cleaning up is kept beside the first. */
  #named(upload: PartedUpload, path: string): PartedUpload {
    return {
      signsParts: upload.signsParts,
      sendPart: (number, part, signal) =>
        this.#ask(`put part ${number} of ${path}`, signal, () => upload.sendPart(number, part, signal)),
      complete: (signal) => this.#ask(`complete ${path}`, signal, () => upload.complete(signal)),
      abort: (signal) => this.#ask(`end the upload of ${path}`, signal, () => upload.abort(signal)),
    };
  }

  /** Cleaning up for a predecessor needs rights that uploading does not. */
  async #endAbandoned(path: string, signal: AbortSignal): Promise<void> {
    try {
      await endAbandoned(this.#client, this.#object(path), signal);
    } catch (error) {
      const { code } = s3Failure(this.uri, `list the unfinished uploads of ${path}`, error);
      if (code !== 'artifact-store-forbidden' && code !== 'tracking-refused') throw error;
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async sizes(files: readonly ArtifactFile[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    try {
      return await this.#ask('list objects', signal, () => this.#list());
    } catch (error) {
      // The right to list is one of its own; each object can be asked for with the right to read.
      if (!(error instanceof TrackingFailure) || error.code !== 'artifact-store-forbidden') throw error;
    }
    const sizes = new Map<string, number>();
    const ask = async ({ path }: ArtifactFile): Promise<void> => {
      const size = await this.#ask(`look at ${path}`, signal, () => this.#size(path));
      if (size !== undefined) sizes.set(path, size);
    };
    await pMap(files, ask, { concurrency: ANSWERS_AT_ONCE });
    return sizes;
  }

  async #list(): Promise<ReadonlyMap<string, number>> {
    const { Bucket, ExpectedBucketOwner, Key: Prefix } = this.#object('');
    const sizes = new Map<string, number>();
    const pages = paginateListObjectsV2(
      { client: this.#client },
      { Bucket, Prefix, ...(ExpectedBucketOwner === undefined ? {} : { ExpectedBucketOwner }) },
    );
    for await (const { Contents = [] } of pages) {
      for (const { Key = '', Size = 0 } of Contents) sizes.set(Key.slice(Prefix.length), Size);
    }
    return sizes;
  }

  async #size(path: string): Promise<number | undefined> {
    try {
      const command = new HeadObjectCommand(this.#readable(path));
      return (await this.#client.send(command)).ContentLength;
    } catch (error) {
      if (error instanceof NotFound || error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  read(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null> {
    return this.#ask(`read ${path}`, signal, async () => {
      const Body = await this.#get(path);
      if (Body === null) return null;
      if (Body instanceof Readable) {
        return readBack(Body, (error) => {
          signal.throwIfAborted();
          return s3Failure(this.uri, `read ${path}`, error);
        });
      }
      throw new TypeError('GetObject has answered with no stream');
    });
  }

  async #get(path: string): Promise<unknown> {
    try {
      const command = new GetObjectCommand(this.#readable(path));
      return (await this.#client.send(command)).Body;
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      throw error;
    }
  }

  /** An object as whoever reads it must name it: with the key that it was encrypted by. */
  #readable(path: string): GetObjectCommandInput {
    const { extraArgs } = this.#settings;
    const given = CUSTOMER_KEY.filter((name) => extraArgs[name] !== undefined);
    return { ...Object.fromEntries(given.map((name) => [name, extraArgs[name]])), ...this.#object(path) };
  }

  #object(path: string): {
    readonly Bucket: string;
    readonly Key: string;
    readonly ExpectedBucketOwner?: string;
  } {
    const { bucket, prefix } = this.#address;
    const { bucketOwner } = this.#settings;
    return {
      Bucket: bucket,
      Key: prefix === '' ? path : `${prefix}/${path}`,
      ...(bucketOwner === undefined ? {} : { ExpectedBucketOwner: bucketOwner }),
    };
  }

  /** What S3 or the network says as a TrackingFailure; what is wrong here, and the signal's reason, as it is. */
  async #ask<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await askS3(signal, work);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof RunnerError ? error : s3Failure(this.uri, what, error);
    }
  }
}
