/**
 * A tracking server that holds runs: what is read of them is served over HTTP from memory, in MLflow's words. Runs are put
 * there as the logging task describes and collects them.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { collectFiles } from '../../../../src/tracking/artifacts/collect-files.js';
import { encodeNumber } from '../../../../src/contract/json-number.js';
import { describeRun } from '../../../../src/tracking/record/describe-run.js';
import type { MetricPoint } from '../../../../src/tracking/record/run-record.js';
import type { RecordedRuns } from '../../../../src/tracking/read/recorded-runs.js';
import { openRecordedRuns } from '../../../../src/tracking/read/index.js';
import { onTestFinished } from 'vitest';
import type { RunFixture } from '../../../tracking/support/run-fixture.js';
import { fakeServer, QUICK, signal, type Reply, type Seen } from '../mlflow/fake-server.js';

/** Without waits between attempts. */
export const READ_QUICKLY = {
  server: QUICK,
  store: { attempts: 3, firstDelayMs: 1, longestDelayMs: 1 },
};

interface HeldRun {
  readonly id: string;
  readonly experiment: string;
  status: string;
  stage: 'active' | 'deleted';
  readonly startTimeMs: number;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Record<string, string>;
  /** The last point of each. */
  readonly metrics: readonly MetricPoint[];
}

export interface RecordedServer {
  readonly uri: string;
  readonly seen: readonly Seen[];
  /** By the server's ids, in the order in which they were recorded. */
  readonly runs: Map<string, HeldRun>;
  /** By path from the root of the proxy: `0/<id>/artifacts/logs/spec.json`. */
  readonly artifacts: Map<string, Buffer>;
  /** Instead of its own, where it gives one. */
  instead: (request: Seen) => Reply | undefined;
  /** Records a run; with `files: false` without its artifacts. @returns the server's id */
  readonly hold: (
    fixture: RunFixture,
    held?: Partial<HeldRun> & { readonly files?: boolean },
  ) => Promise<string>;
  /** Where a file of a run lies. */
  readonly pathOf: (id: string, file: string) => string;
  readonly open: (env?: NodeJS.ProcessEnv) => Promise<RecordedRuns>;
}

export async function recordedServer(): Promise<RecordedServer> {
  const runs = new Map<string, HeldRun>();
  const artifacts = new Map<string, Buffer>();
  const pathOf = (id: string, file: string): string => `0/${id}/artifacts/${file}`;
  const { uri, seen } = await fakeServer(
    (request) => server.instead(request) ?? answer(request, runs, artifacts),
  );
  const server: RecordedServer = {
    ...{ uri, seen, runs, artifacts, pathOf },
    instead: () => undefined,
    async hold({ run, runDir }, { files = true, ...held } = {}) {
      const id = held.id ?? (runs.size + 1).toString(16).padStart(32, '0');
      const environment = run.request?.origin ?? { host: 'box', runnerVersion: '1.2.3' };
      const startedAt = run.outcome?.startedAt ?? 0;
      const {
        params,
        tags,
        finalPoints: metrics,
      } = describeRun({
        ...run,
        ...{ evaluation: null, startedAt, environment },
      });
      runs.set(id, {
        ...{ id, experiment: run.spec.job, status: run.outcome === null ? 'RUNNING' : 'FINISHED' },
        ...{
          stage: 'active',
          startTimeMs: startedAt,
          params: valuesOf(params),
          tags: valuesOf(tags),
          metrics,
        },
        ...held,
      });
      if (!files || run.outcome === null) return id;
      for (const { path, file } of (await collectFiles(runDir, signal)).files) {
        artifacts.set(pathOf(id, path), readFileSync(file));
      }
      return id;
    },
    async open(env = {}) {
      const recorded = await openRecordedRuns({
        uri,
        env: { HOME: '/nowhere', ...env },
        patience: READ_QUICKLY,
      });
      onTestFinished(() => recorded.close());
      return recorded;
    },
  };
  return server;
}

const valuesOf = (
  entries: readonly { readonly key: string; readonly value: string }[],
): Record<string, string> => Object.fromEntries(entries.map(({ key, value }) => [key, value]));

const NOT_THERE = { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No such thing' };
const notThere: Reply = { status: 404, body: NOT_THERE };

function answer(
  { path, body }: Seen,
  runs: ReadonlyMap<string, HeldRun>,
  artifacts: ReadonlyMap<string, Buffer>,
): Reply {
  const { pathname, searchParams } = new URL(path, 'http://x');
  const proxied = /^\/api\/2\.0\/mlflow-artifacts\/artifacts\/(.+)$/.exec(pathname)?.[1];
  if (proxied !== undefined) {
    const content = artifacts.get(decodeURIComponent(proxied));
    return content === undefined ? notThere : { body: content.toString('utf8') };
  }
  switch (posix.basename(pathname)) {
    case 'version':
      return { body: '3.17.2' };
    case 'get-by-name': {
      const name = searchParams.get('experiment_name') ?? '';
      const known = [...runs.values()].some(({ experiment }) => experiment === name);
      return known ? { body: { experiment: { experiment_id: `id of ${name}`, name } } } : notThere;
    }
    case 'get': {
      const run = runs.get(searchParams.get('run_id') ?? '');
      return run === undefined ? notThere : { body: { run: toJson(run) } };
    }
    case 'search':
      return pathname.endsWith('/runs/search') ? { body: search(runs, JSON.parse(body) as Search) } : {};
    default:
      return notThere;
  }
}

interface Search {
  readonly experiment_ids: readonly string[];
  readonly filter: string;
  readonly run_view_type: 'ACTIVE_ONLY' | 'ALL';
  readonly max_results: number;
  readonly page_token?: string;
}

function search(runs: ReadonlyMap<string, HeldRun>, asked: Search) {
  const found = [...runs.values()]
    .filter(({ experiment }) => asked.experiment_ids.includes(`id of ${experiment}`))
    .filter(({ stage }) => asked.run_view_type === 'ALL' || stage === 'active')
    .filter((run) => asked.filter.split(' AND ').every((condition) => holds(run, condition)))
    .sort((a, b) => b.startTimeMs - a.startTimeMs);
  const from = Number(asked.page_token ?? 0);
  const next = from + asked.max_results;
  return {
    runs: found.slice(from, next).map(toJson),
    ...(next < found.length ? { next_page_token: String(next) } : {}),
  };
}

function holds({ id, tags }: HeldRun, condition: string): boolean {
  if (condition === '') return true;
  const { tag, like, value } =
    /^(?:attributes\.run_id|tags\.`(?<tag>.+?)`) (?<like>LIKE|=) '(?<value>.*)'$/.exec(condition)?.groups ??
    {};
  if (value === undefined) throw new Error(`not scripted: ${condition}`);
  const actual = tag === undefined ? id : tags[tag];
  if (actual === undefined) return false;
  return like === '=' ? actual === value : new RegExp(`^${value.replaceAll('%', '.*')}$`).test(actual);
}

const toJson = ({ id, experiment, status, stage, startTimeMs, params, tags, metrics }: HeldRun) => ({
  info: {
    ...{ run_id: id, experiment_id: `id of ${experiment}`, status, lifecycle_stage: stage },
    ...{ artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`, start_time: startTimeMs },
  },
  data: {
    ...{ params: toEntries(params), tags: toEntries(tags) },
    metrics: metrics.map(({ value, ...point }) => ({ ...point, value: encodeNumber(value) })),
  },
});

const toEntries = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value }));
