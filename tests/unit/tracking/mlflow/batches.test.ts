import { describe, expect, test } from 'vitest';
import { entryBatches, metricBatches } from '../../../../src/tracking/mlflow/batches.js';
import { LIMITS } from '../../../../src/tracking/mlflow/limits.js';

const point = (at: number, key = 'loss') => ({ key, value: at, timestamp: at, step: at });
const points = (count: number, key?: string) => Array.from({ length: count }, (_, at) => point(at, key));
const parsed = (body: Buffer): unknown => JSON.parse(body.toString());

test('nothing makes no request', () => {
  expect([...metricBatches('r', [])]).toEqual([]);
  expect([...entryBatches('r', 'tags', [])]).toEqual([]);
});

test('points go out in order, as many as a request may hold', () => {
  const batches = [...metricBatches('r', points(2001))];
  expect(batches.map(({ items }) => items.length)).toEqual([1000, 1000, 1]);
  expect(batches.flatMap(({ items }) => items)).toEqual(points(2001));
  for (const { body, items } of batches) expect(parsed(body)).toEqual({ run_id: 'r', metrics: items });
});

test('NaN and the infinities are strings; no other number is', () => {
  const values = [NaN, Infinity, -Infinity, -0, 1e-7, 1e300, 0.1];
  const [batch] = metricBatches(
    'r',
    values.map((value) => ({ ...point(1), value })),
  );
  expect(
    (parsed(batch!.body) as { metrics: { value: unknown }[] }).metrics.map(({ value }) => value),
  ).toEqual([...['NaN', 'Infinity', '-Infinity', 0, 1e-7, 1e300, 0.1]]);
});

test('quotes and other letters in keys are kept', () => {
  const key = 'a "b" \\ 値 \u2028';
  const [batch] = metricBatches('r"1', points(1, key));
  expect(parsed(batch!.body)).toEqual({ run_id: 'r"1', metrics: points(1, key) });
});

describe('bytes', () => {
  test.each([
    ['1', 'k'],
    ['2', 'é'],
    ['3', '値'],
    ['4', '𝒜'],
  ])(
    'keys of %s bytes a character: no request is over the limit, and none could take one more',
    (_bytes, letter) => {
      const limits = { metrics: 1000, bytes: 5000 };
      const all = points(500, letter.repeat(50));
      const batches = [...metricBatches('r', all, limits)];
      expect(batches.flatMap(({ items }) => items)).toEqual(all);
      for (const [at, { body }] of batches.entries()) {
        expect(body.length).toBeLessThanOrEqual(5000);
        const next = batches[at + 1]?.items[0];
        if (next !== undefined) {
          expect(body.length + 1 + Buffer.byteLength(JSON.stringify(next))).toBeGreaterThan(5000);
        }
      }
    },
  );

  test('one that is longer than a request may be goes alone', () => {
    const long = { key: 'long', value: 'x'.repeat(200) };
    const short = { key: 'short', value: '' };
    const batches = [...entryBatches('r', 'params', [short, long, short], { ...LIMITS, bytes: 100 })];
    expect(batches.map(({ items }) => items)).toEqual([[short], [long], [short]]);
  });
});

test.each(['params', 'tags'] as const)('%s: a hundred a request', (kind) => {
  const all = Array.from({ length: 201 }, (_, at) => ({ key: `k${at}`, value: `"${at}"` }));
  const batches = [...entryBatches('r', kind, all)];
  expect(batches.map(({ items }) => items.length)).toEqual([100, 100, 1]);
  expect(parsed(batches[0]!.body)).toEqual({ run_id: 'r', [kind]: all.slice(0, 100) });
});
