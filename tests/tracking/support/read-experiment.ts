import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { MetricPoint } from '../../../src/tracking/record/run-record.js';
import { runScript } from './script-server.js';

/** By path, sha256. */
const digests = z.record(z.string(), z.string());
const schema = z.array(
  z.object({
    id: z.string(),
    /** What the runner knows the run by. */
    key: z.string(),
    status: z.string(),
    lifecycleStage: z.string(),
    points: z.object({ count: z.number(), distinct: z.number(), digest: z.string() }),
    params: z.record(z.string(), z.string()),
    artifacts: digests,
    models: z.array(z.object({ id: z.string(), status: z.string(), artifacts: digests })),
    outputs: z.number(),
    versions: z.array(z.object({ name: z.string(), version: z.string() })),
  }),
);
export type ExperimentRun = z.output<typeof schema>[number];

export interface ReadExperimentOptions {
  /** Of the servers that all tests share. */
  readonly scripts: string;
  readonly uri: string;
  readonly experiment: string;
  /** Credentials and address of S3. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What MLflow's Python client, and boto3 where artifacts are on S3, find of all runs of an experiment. */
export async function readExperiment(options: ReadExperimentOptions): Promise<readonly ExperimentRun[]> {
  const { scripts, uri, experiment, env = {} } = options;
  const path = join(import.meta.dirname, 'read-experiment.py');
  return schema.parse(JSON.parse(await runScript(scripts, { path, args: [uri, experiment], env })));
}

/** What read-experiment.py tells of just these points, each there once. */
export function expectedPoints(points: readonly MetricPoint[]): ExperimentRun['points'] {
  const lines = points.map(
    ({ key, timestamp, step, value }) => `${key} ${timestamp} ${step} ${hexOf(asStored(value))}`,
  );
  const digest = createHash('sha256').update(lines.sort().join('\n')).digest('hex');
  return { count: lines.length, distinct: lines.length, digest };
}

/** A database holds infinities as the largest number there is. */
const asStored = (value: number): number =>
  Math.abs(value) === Infinity ? Math.sign(value) * Number.MAX_VALUE : value;

function hexOf(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}
