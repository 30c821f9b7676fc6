import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../../runtimes/kubernetes/cluster/cluster.js';
import type { JobState, PodState } from '../../../../runtimes/kubernetes/cluster/state.js';
import { createKubernetesRuntime } from '../../../../runtimes/kubernetes/index.js';
import { Journal, type JournalEntryInput } from '../../../../runtimes/kubernetes/journal.js';
import { keysOf, type Storage } from '../../../../runtimes/kubernetes/storage.js';
import type { RunSpec } from '../../../../src/contract/run-spec.js';
import type { PlannedRun } from '../../../../src/contract/runtime.js';
import { RESULTS_FOLDER } from '../../../../src/contract/transfers.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { recordOf } from '../../isolation/records.js';
import { CLOCK, SPEC } from '../../orchestrator/specs.js';

const RUN = '20261126-140509-7h2k9p';
const NAME = `runner-${RUN}`;
const PLACE = { server: 'https://k:6443', namespace: 'runner' };
const INTENT: JournalEntryInput = {
  ...{ step: 'intent', token: 'ours', name: NAME, storage: 's3://b/p' },
  ...PLACE,
};
const CREATED: JournalEntryInput = { step: 'created', uid: 'u1', ms: 1 };
const FILLED: JournalEntryInput = { step: 'filled', ms: 1 };
const STARTED: JournalEntryInput = { step: 'started', ms: 1 };

const jobOf = (uid: string, token = 'ours'): JobState => ({
  ...{ name: NAME, uid, labels: { 'runner.token': token } },
  ...{ isSuspended: true, isComplete: false, failed: undefined },
});
const ENDED: PodState = {
  ...{ name: 'p', uid: 'p', createdAt: 0, isDeleted: false, phase: 'Succeeded', unschedulable: undefined },
  ...{ said: { reason: '', message: '' }, disruption: undefined },
  container: { state: 'terminated', exitCode: 0, reason: 'Completed', message: '' },
};

interface World {
  readonly journal?: readonly JournalEntryInput[];
  /** That is there. */
  readonly job?: JobState;
  readonly hasPod?: boolean;
  readonly hasResults?: boolean;
  readonly server?: string;
}

/** A run that somebody else may have begun, on a cluster whose pods have ended as soon as they are made. */
async function run({ journal = [], job, hasPod = true, hasResults = true, server = PLACE.server }: World) {
  using directory = temporaryDirectory();
  const runDir = join(directory.path, RUN);
  mkdirSync(runDir);
  const written = Journal.open(join(runDir, 'journal.ndjson'), CLOCK);
  for (const entry of journal) written.write(entry);
  writeFileSync(join(directory.path, 'data'), 'images');

  const asked: string[] = [];
  let there = job;
  const note = <T>(what: string, value: T): Promise<T> => {
    asked.push(what);
    return Promise.resolve(value);
  };
  const cluster: Cluster = {
    ...{ server, namespace: PLACE.namespace },
    createJob: ({ metadata }) => {
      if (there !== undefined) return note('create refused', undefined);
      there = jobOf('u2', metadata!.labels!['runner.token']);
      return note('create', there);
    },
    readJob: () => Promise.resolve(there),
    listJobs: () => Promise.resolve([]),
    startJob: () => note('start', undefined),
    deleteJob: (_name, uid, how) => note(`delete ${uid} ${how}`, undefined),
    createSecret: ({ metadata }) => note(`secret of ${metadata!.ownerReferences![0]!.uid}`, true),
    listPods: () => Promise.resolve(hasPod ? [ENDED] : []),
    listWarnings: () => Promise.resolve([]),
    openLog: () => Promise.resolve(Readable.from([])),
  };
  const keys = keysOf(RUN);
  const results = pack();
  results.entry({ name: RESULTS_FOLDER, type: 'directory' });
  results.finalize();
  const objects = new Map(
    hasResults
      ? ([
          [keys.results, await buffer(results)],
          [keys.exit, Buffer.from(JSON.stringify(recordOf()))],
        ] as const)
      : [],
  );
  const storage: Storage = {
    uri: 's3://b/p',
    putFile: (key) => note(`put ${key.replace(/[0-9a-f]{64}/, 'SHA256')}`, undefined),
    putText: (key) => note(`put ${key}`, undefined),
    open: (key) => Promise.resolve(objects.has(key) ? Readable.from([objects.get(key)]) : null),
    remove: (gone) => note(`remove ${gone.length}`, undefined),
    sign: (act, key) => Promise.resolve(`http://s3/${act}/${key}`),
  };
  const runtime = createKubernetesRuntime({
    ...{ cluster, storage, clock: CLOCK, owner: 'h/1/1/1', timing: { pollMs: 1, retryMs: 1, patienceMs: 0 } },
    job: { dataFiles: () => Promise.resolve([join(directory.path, 'data')]) },
  });
  const spec: RunSpec = {
    ...{ ...SPEC, mode: 'kubernetes', container: { image: 'x' } },
    kubernetes: { namespace: 'runner', storage: 's3://b/p' },
  };
  const planned: PlannedRun = { runId: RUN, runDir, spec, evaluate: false };
  const options = { signal: new AbortController().signal, onEvent: () => undefined };
  const exit = await runtime
    .run(planned, options)
    .catch((error: unknown) => ({ error, status: 'threw', reason: null }));
  if (exit.status !== 'lost' && exit.status !== 'threw') await runtime.release!(planned);
  return { exit, asked };
}

const FILL = [`put runs/${RUN}/plan.json`, 'put data/SHA256/data'];
const REMOVE = (uid: string) => [`delete ${uid} Background`, 'remove 3'];

describe('a run on a cluster', () => {
  it('is made, filled, let go, and cleared away, in this order', async () => {
    const { exit, asked } = await run({});
    expect(exit).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(asked).toEqual(['create', ...FILL, 'secret of u2', 'start', ...REMOVE('u2')]);
  });

  it.each([
    [
      'before it had made anything',
      [INTENT],
      undefined,
      ['create', ...FILL, 'secret of u2', 'start', ...REMOVE('u2')],
    ],
    [
      'when it had made the Job, and not written that down',
      [INTENT],
      jobOf('u1'),
      [...FILL, 'secret of u1', 'start', ...REMOVE('u1')],
    ],
    [
      'before it had filled it',
      [INTENT, CREATED],
      jobOf('u1'),
      [...FILL, 'secret of u1', 'start', ...REMOVE('u1')],
    ],
    ['before it had let it go', [INTENT, CREATED, FILLED], jobOf('u1'), ['start', ...REMOVE('u1')]],
    [
      'before it had let it go, and somebody has removed the Job with its Secret',
      [INTENT, CREATED, FILLED],
      undefined,
      ['create', ...FILL, 'secret of u2', 'start', ...REMOVE('u2')],
    ],
    ['while it trained', [INTENT, CREATED, FILLED, STARTED], jobOf('u1'), REMOVE('u1')],
  ])('goes on where its runner was killed: %s', async (_, journal, job, expected) => {
    const { exit, asked } = await run({ journal, ...(job && { job }) });
    expect(exit).toMatchObject({ status: 'succeeded' });
    expect(asked).toEqual(expected);
  });

  it('is finished from the store where the cluster has cleared its Job away', async () => {
    const { exit, asked } = await run({ journal: [INTENT, CREATED, FILLED, STARTED], hasPod: false });
    expect(exit).toMatchObject({ status: 'succeeded', exitCode: null });
    expect(asked).toEqual(['remove 3']);
  });

  it('has failed where both are gone', async () => {
    const world = { journal: [INTENT, CREATED, FILLED, STARTED], hasPod: false, hasResults: false };
    const message = 'The pod is gone: somebody has removed it, or its Job.';
    expect((await run(world)).exit).toMatchObject({ status: 'failed', reason: 'killed', message });
  });

  it('is lost, and left alone, where this is another cluster', async () => {
    const journal = [INTENT, CREATED, FILLED, STARTED];
    const { exit, asked } = await run({ journal, server: 'https://other:6443' });
    expect(exit).toMatchObject({ status: 'lost', reason: 'cluster-unreachable' });
    expect(asked).toEqual([]);
  });

  it('is not begun where somebody else has a Job of its name', async () => {
    const { exit, asked } = await run({ job: jobOf('u9', 'theirs') });
    expect(exit).toMatchObject({ status: 'threw', error: { code: 'job-conflict' } });
    expect(asked).toEqual(['create refused']);
  });
});
