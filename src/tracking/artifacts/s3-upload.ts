import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  NoSuchUpload,
  UploadPartCommand,
  type AbortMultipartUploadCommandInput,
  type CompletedPart,
  type CreateMultipartUploadCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { askS3 } from './s3-client.js';
import { BEGIN_WITHIN_MS, type PartedUpload } from './send-in-parts.js';
import { signedWith } from './signed-body.js';

/** Of the arguments of an upload, those that each further request about it must repeat. */
const REPEATED = [
  'Bucket',
  'Key',
  'ExpectedBucketOwner',
  'RequestPayer',
  'SSECustomerAlgorithm',
  'SSECustomerKey',
  'SSECustomerKeyMD5',
] as const;

/** Begins the upload of an object in parts; that it may not be cancelled is said at `BEGIN_WITHIN_MS`. */
export async function beginUpload(
  client: S3Client,
  input: CreateMultipartUploadCommandInput,
): Promise<PartedUpload> {
  const { UploadId } = await askS3(AbortSignal.timeout(BEGIN_WITHIN_MS), () =>
    client.send(new CreateMultipartUploadCommand(input)),
  );
  const repeated = Object.fromEntries(
    REPEATED.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]])),
  );
  const upload = { ...repeated, Bucket: input.Bucket, Key: input.Key, UploadId };
  const parts: CompletedPart[] = [];
  return {
    signsParts: true,
    async sendPart(PartNumber, { content, sha256 }, signal) {
      const Body = signedWith(content, sha256);
      const command = new UploadPartCommand({ ...upload, PartNumber, Body });
      const { ETag } = await askS3(signal, () => client.send(command));
      parts.push({ PartNumber, ETag });
    },
    async complete(signal) {
      const Parts = parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
      const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
      await askS3(signal, () => client.send(command));
    },
    async abort(signal) {
      await abortUpload(client, upload, signal);
    },
  };
}

/**
 * Ends the uploads of this object that were never finished: their parts are kept, and paid for, unseen. Nobody else
 * writes this object, so they are those of a process that was killed.
 */
export async function endAbandoned(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  signal: AbortSignal,
): Promise<void> {
  const list = new ListMultipartUploadsCommand({ ...object, Prefix: object.Key });
  const { Uploads = [] } = await askS3(signal, () => client.send(list));
  for (const { Key, UploadId } of Uploads) {
    if (Key === object.Key) await abortUpload(client, { ...object, UploadId }, signal);
  }
}

async function abortUpload(
  client: S3Client,
  upload: AbortMultipartUploadCommandInput,
  signal: AbortSignal,
): Promise<void> {
  try {
    await askS3(signal, () => client.send(new AbortMultipartUploadCommand(upload)));
  } catch (error) {
    // It is gone, which is all that was wanted.
    if (!(error instanceof NoSuchUpload)) throw error;
  }
}
