import { createInterface } from 'node:readline';
import { addAbortSignal, Readable } from 'node:stream';
import type Docker from 'dockerode';
import { z } from 'zod';
import type { TrainerUsage } from '../../../src/contract/run-outcome.js';

const count = z.number().min(0).catch(0);
const statsSchema = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: count }) }),
  memory_stats: z
    .object({ usage: count, max_usage: count, stats: z.record(z.string(), z.unknown()).catch({}) })
    .partial(),
  blkio_stats: z
    .object({
      io_service_bytes_recursive: z.array(z.object({ op: z.string(), value: count })).nullable(),
    })
    .partial()
    .catch({}),
  networks: z.record(z.string(), z.object({ rx_bytes: count, tx_bytes: count })).optional(),
});

/** The most that a container was seen to use. Samples come once a second, the first after about one. */
export interface StatsFollower {
  /** The last sample; null before the first. */
  usage(): TrainerUsage | null;
  stop(): void;
}

/**
 * Follows the figures of a running container until it ends or `stop` is called. They are for the record only: where
 * the daemon gives none, the run goes on without.
 */
export function followStats(container: Docker.Container): StatsFollower {
  const controller = new AbortController();
  let last: TrainerUsage | null = null;
  const follow = async (): Promise<void> => {
    // The types lack `abortSignal`.
    const options = { stream: true as const, abortSignal: controller.signal };
    const stream = await container.stats(options);
    if (!(stream instanceof Readable)) throw new TypeError('dockerode gave no readable stream');
    addAbortSignal(controller.signal, stream).on('error', () => undefined);
    for await (const line of createInterface({ input: stream })) {
      const sample = readSample(line);
      if (sample !== undefined) last = most(last, sample);
    }
  };
  follow().catch(() => undefined);
  return { usage: () => last, stop: () => controller.abort() };
}

function readSample(line: string): TrainerUsage | undefined {
  try {
    const { success, data } = statsSchema.safeParse(JSON.parse(line));
    return success ? toUsage(data) : undefined;
  } catch {
    return undefined;
  }
}

function toUsage({
  cpu_stats,
  memory_stats,
  blkio_stats,
  networks,
}: z.infer<typeof statsSchema>): TrainerUsage {
  const io = (op: string): number =>
    (blkio_stats.io_service_bytes_recursive ?? [])
      .filter((entry) => entry.op.toLowerCase() === op)
      .reduce((sum, { value }) => sum + value, 0);
  const net = Object.values(networks ?? {});
  return {
    cpuSeconds: cpu_stats.cpu_usage.total_usage / 1e9,
    // The kernel's own peak where it keeps one (cgroup v1).
    peakMemoryBytes: Math.max(memory_stats.max_usage ?? 0, memory_stats.usage ?? 0),
    blockReadBytes: io('read'),
    blockWriteBytes: io('write'),
    networkReceivedBytes: net.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0),
    networkSentBytes: net.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0),
  };
}

/** A container that is ending reports zeros. */
export function most(one: TrainerUsage | null, other: TrainerUsage | null): TrainerUsage | null {
  if (one === null || other === null) return one ?? other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof TrainerUsage>;
  const entries = [...names].map((name) => [name, Math.max(one[name] ?? 0, other[name] ?? 0)]);
  return Object.fromEntries(entries) as TrainerUsage;
}
