import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeDirectory } from '../../common/make-directory.js';
import { RunnerError } from '../../contract/errors.js';
import type { Transfers } from '../../contract/transfers.js';
import { request } from './request.js';

/**
 * Gets each input into the folder.
 * @throws RunnerError `bad-data` if one is not what the runner has put there; as `request`; the signal's reason
 */
export async function fetchInputs(
  inputs: Transfers['inputs'],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { path, url, bytes, sha256 } of inputs) {
    const target = join(folder, path);
    await makeDirectory(dirname(target));
    const got = await request(`get ${path}`, url, { signal }, (response) => save(response, target));
    if (got.bytes === bytes && got.sha256 === sha256) continue;
    throw new RunnerError(
      'bad-data',
      `${path} is not the file that was put there: it has ${got.bytes} bytes.`,
      {
        hint: 'Something else writes to the place that --storage names: give the runner one of its own.',
      },
    );
  }
}

async function save({ body }: Response, target: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  const content = body === null ? Readable.from([]) : Readable.fromWeb(body as never);
  await pipeline(content, count, createWriteStream(target));
  return { bytes, sha256: hash.digest('hex') };
}
