import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HttpsProxyAgent } from 'https-proxy-agent';
import * as tar from 'tar';
import { describeError, errnoOf, nameDiskFull } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { type Provisioning, step } from './context.js';
import { proxyFor } from '../../common/proxy.js';

/** A server that sends nothing for this long is taken for gone. */
const IDLE_TIMEOUT_MS = 30_000;
const MOST_REDIRECTS = 5;

/**
 * Fetches the vendor's archive and unpacks its lib/ and include/ as it comes.
 * @returns its sha256, hex
 * @throws RunnerError `download-failed` or `disk-full`
 */
export async function downloadArchive(
  address: string,
  dir: string,
  provisioning: Provisioning,
): Promise<string> {
  return step(provisioning, 'Downloading the vendor’s TensorFlow', async (report) => {
    try {
      const response = await get(new URL(address), provisioning);
      const total = Number(response.headers['content-length'] ?? Number.NaN);
      const hash = createHash('sha256');
      let done = 0;
      const counted = new PassThrough();
      counted.on('data', (piece: Buffer) => {
        hash.update(piece);
        done += piece.length;
        if (total > 0) report(done / total);
      });
      const unpack = tar.x({ cwd: dir, strict: true, filter: isWanted });
      await pipeline(response, counted, unpack, { signal: provisioning.signal });
      if (total > 0 && done !== total) throw new Error(`${done} of ${total} bytes arrived`);
      return hash.digest('hex');
    } catch (error) {
      provisioning.signal.throwIfAborted();
      throw downloadFailure(error, address, dir);
    }
  });
}

const isWanted = (path: string): boolean => /^(?:\.\/)?(?:lib|include)(?:\/|$)/.test(path);

function downloadFailure(error: unknown, address: string, dir: string): unknown {
  const diskFull = nameDiskFull(error, dir);
  if (diskFull instanceof RunnerError) return diskFull;
  // A refused connection to several addresses is an AggregateError without a message of its own.
  const why = describeError(error) === 'AggregateError' ? errnoOf(error) : describeError(error);
  return new RunnerError('download-failed', `${address}: ${why ?? 'no connection'}`, { cause: error });
}

async function get(url: URL, provisioning: Provisioning, redirects = 0): Promise<http.IncomingMessage> {
  const response = await request(url, provisioning);
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) return response;
  response.destroy();
  if (statusCode >= 300 && statusCode < 400 && headers.location && redirects < MOST_REDIRECTS) {
    return get(new URL(headers.location, url), provisioning, redirects + 1);
  }
  throw new Error(`the server answered ${statusCode} ${response.statusMessage ?? ''}`.trimEnd());
}

function request(url: URL, { env, signal }: Provisioning): Promise<http.IncomingMessage> {
  const proxy = proxyFor(url, env);
  const { get: open } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const sent = open(url, {
      ...(proxy !== undefined && { agent: new HttpsProxyAgent(proxy) }),
      signal,
      timeout: IDLE_TIMEOUT_MS,
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer for ${IDLE_TIMEOUT_MS / 1000} s`)));
    sent.on('response', resolve);
    sent.on('error', reject);
  });
}
