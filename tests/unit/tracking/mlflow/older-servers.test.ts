/** Servers that choke on points they have (before 3.17), or write them again (over plain files). */
import { expect, test } from 'vitest';
import { MetricHistories } from '../../../../src/tracking/mlflow/metric-history.js';
import type { MetricPoint } from '../../../../src/tracking/record/run-record.js';
import { fakeServer, type FakeServer, type Reply, type Seen, signal } from './fake-server.js';

const points: readonly MetricPoint[] = Array.from({ length: 2300 }, (_, at) => ({
  ...{ key: `k${at % 3}`, value: at % 10 === 0 ? NaN : at, timestamp: 1000 + at, step: at },
}));

type Kind = 'chokes' | 'doubles';
interface Sent {
  readonly metrics: { key: string; value: unknown; timestamp: number; step: number }[];
}

/** @param faults by number of the request to `log-batch`: written, but not told */
async function olderServer(
  kind: Kind,
  faults: Readonly<Record<number, Reply>> = {},
): Promise<FakeServer & { rows: Sent['metrics'] }> {
  const rows: Sent['metrics'] = [];
  let requests = 0;
  const id = (row: object): string => JSON.stringify(row);
  const reply = ({ path, body }: Seen): Reply => {
    const { pathname, searchParams } = new URL(path, 'http://x');
    if (pathname.endsWith('/metrics/get-history')) {
      const from = Number(searchParams.get('page_token') ?? 0);
      // Pages smaller than were asked for.
      const found = rows.filter(({ key }) => key === searchParams.get('metric_key')).slice(from);
      const rest = found.length > 100 ? { next_page_token: String(from + 100) } : {};
      return { body: { metrics: found.slice(0, 100), ...rest } };
    }
    requests += 1;
    const { metrics } = JSON.parse(body) as Sent;
    const there = new Set(rows.map(id));
    if (kind === 'chokes' && metrics.some((row) => there.has(id(row)))) {
      const message =
        '(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "metric_pk"';
      return { status: 500, body: { error_code: 'INTERNAL_ERROR', message } };
    }
    rows.push(...metrics);
    return faults[requests] ?? { body: {} };
  };
  return { ...(await fakeServer(reply)), rows };
}

const rowsOf = (all: readonly MetricPoint[]) =>
  all.map((point) => ({ ...point, value: Number.isNaN(point.value) ? 'NaN' : point.value }));

test.each<[Kind, Reply]>([
  ['chokes', 'reset'],
  ['chokes', 'half'],
  ['chokes', { status: 500, body: '' }],
  ['doubles', 'reset'],
  ['doubles', { status: 504, body: '' }],
])(
  '%s, and the answer to the second request is lost (%j): each point once, in order',
  async (kind, fault) => {
    const { connection, rows } = await olderServer(kind, { 2: fault });
    const written: number[] = [];
    const onWritten = (count: number): Promise<void> => Promise.resolve(void written.push(count));
    await connection.server.logMetrics('r', points, { maybeThere: false, onWritten, signal });
    expect(rows).toEqual(rowsOf(points));
    expect(written).toEqual([1000, 2000, 2300]);
  },
);

test.each<Kind>(['chokes', 'doubles'])(
  '%s: what an earlier process may have written is not written again',
  async (kind) => {
    const { connection, rows, seen } = await olderServer(kind);
    const onWritten = (): Promise<void> => Promise.resolve();
    await connection.server.logMetrics('r', points.slice(0, 1700), { maybeThere: false, onWritten, signal });
    await connection.server.logMetrics('r', points, { maybeThere: true, onWritten, signal });
    expect(rows).toEqual(rowsOf(points));
    // Once it meets what is new it looks no more.
    const before = seen.length;
    await connection.server.logMetrics(
      'r',
      points.map((point) => ({ ...point, key: 'new' })),
      {
        ...{ maybeThere: true, onWritten, signal },
      },
    );
    expect(seen.slice(before).filter(({ method }) => method === 'GET')).toHaveLength(1);
  },
);

test('of one recording, the history of each metric is read once', async () => {
  const { connection, rows, seen } = await olderServer('doubles');
  const onWritten = (): Promise<void> => Promise.resolve();
  await connection.server.logMetrics('r', points.slice(0, 2200), { maybeThere: false, onWritten, signal });
  const before = seen.length;
  const histories = new MetricHistories();
  for (const chunk of [points.slice(0, 1100), points.slice(1100)]) {
    await connection.server.logMetrics('r', chunk, { maybeThere: true, histories, onWritten, signal });
  }
  expect(rows).toEqual(rowsOf(points));
  const first = seen.slice(before).filter(({ path }) => /get-history(?!.*page_token)/.test(path));
  expect(first).toHaveLength(3);
});

test('a server that chokes without having been asked twice is told apart by looking', async () => {
  const { connection, rows } = await olderServer('chokes');
  const onWritten = (): Promise<void> => Promise.resolve();
  await connection.server.logMetrics('r', points.slice(5, 10), { maybeThere: false, onWritten, signal });
  await connection.server.logMetrics('r', points.slice(0, 15), { maybeThere: false, onWritten, signal });
  const byStep = rows.toSorted((a, b) => a.step - b.step);
  expect(byStep).toEqual(rowsOf(points.slice(0, 15)));
});

test('onWritten that fails ends it: what comes after is not sent', async () => {
  const { connection, rows } = await olderServer('doubles');
  const onWritten = (): Promise<void> => Promise.reject(new Error('disk full'));
  await expect(
    connection.server.logMetrics('r', points, { maybeThere: false, onWritten, signal }),
  ).rejects.toThrow('disk full');
  expect(rows).toHaveLength(1000);
});

test('whose pages of a history have no end are told, and not asked for ever', async () => {
  const page = { metrics: [{ value: 1, timestamp: 1, step: 1 }], next_page_token: 'again' };
  const { connection, seen, uri } = await fakeServer([{ body: page }]);
  const histories = new MetricHistories();
  const lacking = connection.server.lackingPoints('r1', points.slice(0, 1), {
    by: 'point',
    histories,
    signal,
  });
  await expect(lacking).rejects.toMatchObject({
    code: 'tracking-refused',
    message: `${uri} was asked to read the history of metric k0 and names a next page that is none.`,
  });
  expect(seen).toHaveLength(2);
});
