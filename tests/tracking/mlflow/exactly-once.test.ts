/** What the server makes of points that it gets again, and that each is there once whatever was in doubt. */
import { describe, expect, test } from 'vitest';
import { metricBatches } from '../../../src/tracking/mlflow/batches.js';
import type { MetricPoint } from '../../../src/tracking/record/run-record.js';
import { connect, newRun, signal } from '../support/connect.js';
import { readBack } from '../support/read-back.js';

const T0 = 1_700_000_000_000;
/** 1,000 points of 110 keys. */
const MANY_KEYS: readonly MetricPoint[] = Array.from({ length: 1000 }, (_, at) => ({
  ...{ key: `class/${at % 110}/recall`, value: at / 7, timestamp: T0 + at, step: at },
}));
/** The same moment and step: told apart by their values alone. */
const ODD: readonly MetricPoint[] = [NaN, Infinity, -Infinity, 0, -1e-300, 1e21].map((value) => ({
  ...{ key: 'odd', value, timestamp: T0, step: 0 },
}));

const byKey = (points: readonly MetricPoint[]): Record<string, unknown> => {
  const keys: Record<string, Omit<MetricPoint, 'key'>[]> = {};
  for (const { key, ...point } of points) (keys[key] ??= []).push(point);
  return keys;
};

interface Log {
  readonly maybeThere?: boolean;
}
async function log(
  server: Awaited<ReturnType<typeof connect>>['server'],
  runId: string,
  points: readonly MetricPoint[],
  { maybeThere = false }: Log = {},
): Promise<readonly number[]> {
  const written: number[] = [];
  const onWritten = (count: number): Promise<void> => Promise.resolve(void written.push(count));
  await server.logMetrics(runId, points, { maybeThere, onWritten, signal });
  return written;
}

describe('the server by itself', () => {
  test.each([
    ['a whole batch of more than 100 keys', MANY_KEYS, MANY_KEYS],
    ['NaN and the infinities', ODD, ODD],
    ['a batch of which a part is there', MANY_KEYS.slice(300, 700), MANY_KEYS],
  ])('takes %s again and keeps each point once', async (_name, first, again) => {
    const { server, http } = await connect();
    const { id } = await newRun(server);
    for (const points of [first, again, again]) {
      for (const { body } of metricBatches(id, points)) {
        const { status, data } = await http.client.post<string>('/api/2.0/mlflow/runs/log-batch', body, {
          headers: { 'Content-Type': 'application/json' },
        });
        expect([status, data]).toEqual([200, '{}']);
      }
    }
    const { metrics } = await readBack(id);
    expect(Object.values(metrics).flat()).toHaveLength(again.length);
  });
});

describe('logMetrics', () => {
  test('writes all points, tells a first part after each request, and NaN and infinities are there', async () => {
    const { server } = await connect();
    const { id } = await newRun(server);
    const many = Array.from({ length: 2500 }, (_, at) => ({
      ...{ key: at % 2 ? 'loss' : 'system/cpu', value: Math.sin(at), timestamp: T0 + at, step: at },
    }));
    expect(await log(server, id, many)).toEqual([1000, 2000, 2500]);
    expect(await log(server, id, ODD)).toEqual([6]);
    const { metrics, latest } = await readBack(id);
    expect(metrics).toEqual({ ...byKey(many), odd: expect.anything() as unknown });
    // The database keeps an infinity as the largest number that there is.
    const largest = Number.MAX_VALUE;
    expect(new Set(metrics.odd!.map(({ value }) => value))).toEqual(
      new Set([NaN, largest, -largest, 0, -1e-300, 1e21]),
    );
    expect(latest.loss).toBe(Math.sin(2499));
  });

  test.each([
    ['a whole batch of more than 100 keys', MANY_KEYS, MANY_KEYS],
    ['NaN and the infinities', ODD, ODD],
    ['a batch of which a part is there', MANY_KEYS.slice(300, 700), MANY_KEYS],
    ['a first part that is there', MANY_KEYS.slice(0, 400), MANY_KEYS],
  ])('with maybeThere: %s', async (_name, first, again) => {
    const { server } = await connect();
    const { id } = await newRun(server);
    await log(server, id, first);
    expect(await log(server, id, again, { maybeThere: true })).toEqual([again.length]);
    const { metrics } = await readBack(id);
    expect(Object.values(metrics).flat()).toHaveLength(again.length);
    if (again === MANY_KEYS) expect(metrics).toEqual(byKey(MANY_KEYS));
  });

  test('keys of many bytes are cut to requests of a million bytes', async () => {
    const { server } = await connect();
    const { id } = await newRun(server);
    // 250 characters, the most that the server takes, of 4 bytes each. Reading a key back takes a request: 20 will do.
    const points = Array.from({ length: 1000 }, (_, at) => ({
      ...{ key: `${String(at % 20).padStart(4, '0')}${'𝒜'.repeat(246)}`, value: at, timestamp: T0, step: at },
    }));
    const written = await log(server, id, points);
    expect(written.length).toBeGreaterThan(1);
    expect(written.at(-1)).toBe(1000);
    expect((await readBack(id)).metrics).toEqual(byKey(points));
  });
});
