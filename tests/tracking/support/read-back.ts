import { join } from 'node:path';
import { inject } from 'vitest';
import { z } from 'zod';
import { runScript } from './script-server.js';
import type { TrackingServers } from './servers.js';

const texts = z.record(z.string(), z.string());
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);
const schema = z.object({
  name: z.string(),
  status: z.string(),
  lifecycleStage: z.string(),
  startTimeMs: z.number(),
  endTimeMs: z.number().nullable(),
  artifactUri: z.string(),
  params: texts,
  tags: texts,
  latest: z.record(z.string(), number),
  /** By step, then timestamp. */
  metrics: z.record(
    z.string(),
    z.array(z.object({ value: number, timestamp: z.number(), step: z.number() })),
  ),
  datasets: z.array(
    z.object({
      ...{ name: z.string(), digest: z.string(), sourceType: z.string(), source: z.string() },
      ...{ schema: z.string(), profile: z.string(), context: z.string().nullable() },
    }),
  ),
  outputs: z.array(z.object({ modelId: z.string(), step: z.number() })),
  models: z.array(
    z.object({ id: z.string(), name: z.string(), status: z.string(), params: texts, tags: texts }),
  ),
  versions: z.array(
    z.object({ name: z.string(), version: z.string(), source: z.string(), status: z.string(), tags: texts }),
  ),
  artifacts: z.array(z.object({ path: z.string(), bytes: z.number() })),
});
export type ReadBack = z.output<typeof schema>;

export interface ReadBackOptions {
  /** A server other than the shared one. */
  readonly uri?: string;
  /** Lists the artifacts too. */
  readonly artifacts?: boolean;
  /** Credentials as MLflow's client takes them, of S3 as boto3 does. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What MLflow's own Python client finds of a run on a server. */
export async function readBack(runId: string, options: ReadBackOptions = {}): Promise<ReadBack> {
  const servers = sharedServers();
  const path = join(import.meta.dirname, 'read-back.py');
  const args = [options.uri ?? servers.uri, runId, ...(options.artifacts ? ['--artifacts'] : [])];
  const { env = {} } = options;
  return schema.parse(JSON.parse(await runScript(servers.scripts, { path, args, env })));
}

/** Tests are skipped where there are none; hooks such as beforeAll are not, and have to ask. */
export const hasServers = (): boolean => !('lacking' in inject('trackingServers'));

/** What the set-up has started: for tests, which are skipped where there is nothing. */
export function sharedServers(): TrackingServers {
  const provided = inject('trackingServers');
  if ('lacking' in provided) throw new Error(provided.lacking);
  return provided;
}
