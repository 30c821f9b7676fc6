/** Plan and data, to where the pod fetches them, and the addresses by which it does. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { toJson } from '../../../src/common/json.js';
import type { Job } from '../../../src/contract/job.js';
import type { PlannedRun } from '../../../src/contract/runtime.js';
import { TRANSFERS_SCHEMA_VERSION, type Transfers } from '../../../src/contract/transfers.js';
import { planFor } from '../../../src/isolation/trainer-plan.js';
import { keysOf, type Storage, type StoredFile } from '../storage.js';

export interface FillRequest {
  readonly run: PlannedRun;
  readonly job: Pick<Job, 'dataFiles'>;
  readonly storage: Storage;
  /** For how long the addresses are to be good. */
  readonly seconds: number;
  readonly signal: AbortSignal;
}

const DATA = 'data';

/**
 * Puts plan and data into the store. May be done over and over.
 * @returns what the pod is to be given
 * @throws RunnerError `storage-unreachable`, `storage-refused`, `data-missing`; the signal's reason
 */
export async function fillStorage(request: FillRequest): Promise<Transfers> {
  const { run, job, storage, seconds, signal } = request;
  const keys = keysOf(run.runId);
  const plan = toJson(planFor(withoutPlace(run), DATA));
  await storage.putText(keys.plan, plan, signal);
  const inputs = [{ path: 'plan.json', key: keys.plan, ...describe(plan) }];
  for (const file of await job.dataFiles(run.spec.data.dir)) {
    const stored = await digest(file);
    const key = keys.data(stored.sha256, basename(file));
    await storage.putFile(key, stored, signal);
    inputs.push({ path: `${DATA}/${basename(file)}`, key, bytes: stored.bytes, sha256: stored.sha256 });
  }
  const signed = async ({ key, ...input }: (typeof inputs)[number]) => ({
    ...input,
    url: await storage.sign('get', key, seconds),
  });
  return {
    schemaVersion: TRANSFERS_SCHEMA_VERSION,
    inputs: await Promise.all(inputs.map(signed)),
    results: await storage.sign('put', keys.results, seconds),
    exit: await storage.sign('put', keys.exit, seconds),
  };
}

/** Where the run lies on the cluster and in the store is nobody's business in the pod. */
function withoutPlace(run: PlannedRun): PlannedRun {
  const { kubernetes, ...spec } = run.spec;
  return kubernetes === undefined ? run : { ...run, spec };
}

const describe = (text: string) => ({
  bytes: Buffer.byteLength(text),
  sha256: createHash('sha256').update(text).digest('hex'),
});

async function digest(file: string): Promise<StoredFile> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file, bytes: (await stat(file)).size, sha256: hash.digest('hex') };
}
