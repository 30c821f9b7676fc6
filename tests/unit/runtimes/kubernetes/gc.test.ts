import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseJobs, type ListedJob } from '../../../../runtimes/kubernetes/cluster/state.js';
import { collectGarbage } from '../../../../runtimes/kubernetes/gc.js';
import { ANNOTATIONS, jobNameOf, LABELS, labelsOf, OURS } from '../../../../runtimes/kubernetes/job/names.js';
import type { RunKnowledge } from '../../../../src/isolation/garbage.js';
import { CLOCK, NOW } from '../../orchestrator/specs.js';

const RUN = '20260301-140509-aaaaaa';
const OWNER = `${hostname()}/4711/99`;
const JOB: ListedJob = {
  ...{ name: jobNameOf(RUN), uid: 'u1', labels: labelsOf(RUN, 't'), deadline: NOW - 1 },
  annotations: { [ANNOTATIONS.owner]: OWNER, [ANNOTATIONS.runsDir]: '/runs' },
};
const madeOn = (host: string, deadline: number | null): ListedJob => ({
  ...{ ...JOB, deadline },
  annotations: { ...JOB.annotations, [ANNOTATIONS.owner]: `${host}/4711/99` },
});

interface Given {
  readonly known?: RunKnowledge;
  readonly alive?: boolean;
  readonly dryRun?: boolean;
  readonly runsDir?: string;
}

/** @returns verdict and reason of each Job, and what the cluster was asked for */
async function clear(jobs: readonly ListedJob[], { known = 'ended', alive = false, ...given }: Given = {}) {
  const asked: unknown[] = [];
  const cluster = {
    listJobs: (labels: object) => {
      asked.push(labels);
      return Promise.resolve(jobs);
    },
    deleteJob: (...args: readonly string[]) => {
      asked.push(args.join(' '));
      return Promise.resolve();
    },
  };
  const found = await collectGarbage(cluster, {
    ...{ dryRun: false, clock: CLOCK, signal: new AbortController().signal, ...given },
    ...{ lookUp: () => Promise.resolve(known), isAlive: () => alive },
  });
  return { found: found.map(({ verdict, why }) => `${verdict}: ${why}`), deleted: asked.slice(1), asked };
}

const DELETED = [`${JOB.name} u1 Background`];

describe('what has been left on a cluster', () => {
  it.each<[string, ListedJob, Given, string]>([
    ['of a run that has ended', JOB, { known: 'ended' }, 'removed: its run has ended'],
    ['of a run that is gone', JOB, { known: 'gone' }, 'removed: its run was removed'],
    [
      'of a run of another host, after its deadline',
      madeOn('far', NOW - 1),
      {},
      'removed: its deadline is over',
    ],
    ['that is not to be removed now', JOB, { dryRun: true }, 'would-remove: its run has ended'],
    ['whose process lives', JOB, { alive: true }, 'kept: the process that made it lives'],
    [
      'whose run has somebody',
      JOB,
      { known: 'owned' },
      'kept: its run is in the hands of a process that lives',
    ],
    ['whose run can go on', JOB, { known: 'recoverable' }, 'kept: its run can be finished: `runner recover`'],
    [
      'whose runs directory is not here, before its deadline',
      { ...JOB, deadline: NOW },
      { known: 'unknown' },
      `kept: it belongs to a process on ${hostname()}`,
    ],
    ['of another host, before its deadline', madeOn('far', NOW), {}, 'kept: it belongs to a process on far'],
    ['of another host, without a deadline', madeOn('far', null), {}, 'kept: it belongs to a process on far'],
  ])('%s', async (_, job, given, expected) => {
    const { found, deleted } = await clear([job], given);
    expect(found).toEqual([expected]);
    expect(deleted).toEqual(expected.startsWith('removed') ? DELETED : []);
  });

  it('is looked for by the labels of ours, and whatever lacks a mark is not touched', async () => {
    const without = (key: string): ListedJob => ({
      ...JOB,
      labels: Object.fromEntries(Object.entries(JOB.labels).filter(([name]) => name !== key)),
      annotations: Object.fromEntries(Object.entries(JOB.annotations).filter(([name]) => name !== key)),
    });
    const marks = [LABELS.run, LABELS.token, ANNOTATIONS.owner, ANNOTATIONS.runsDir];
    expect(await clear(marks.map(without))).toEqual({ found: [], deleted: [], asked: [OURS] });
  });

  it('of other runs directories is not looked at where one is meant', async () => {
    expect((await clear([JOB], { runsDir: '/other' })).found).toEqual([]);
    expect((await clear([JOB], { runsDir: '/runs' })).found).toEqual(['removed: its run has ended']);
  });
});

describe('the deadline of a Job', () => {
  const MADE = '2026-03-01T12:00:00Z';
  const job = (spec: object, status?: object) => ({
    metadata: { name: 'j', uid: 'u', creationTimestamp: MADE },
    spec,
    ...(status && { status }),
  });
  const LIMITS = { activeDeadlineSeconds: 600, ttlSecondsAfterFinished: 86_400 };

  it.each([
    ['counts from its making while it waits', job(LIMITS), Date.parse(MADE) + 87_000_000],
    [
      'counts from its start',
      job(LIMITS, { startTime: new Date('2026-03-01T13:00:00Z') }),
      Date.parse(MADE) + 90_600_000,
    ],
    ['is never where the Job has no limit', job({ ttlSecondsAfterFinished: 86_400 }), null],
    ['is never where a Job that has ended stays', job({ activeDeadlineSeconds: 600 }), null],
  ])('%s', (_, item, deadline) => {
    expect(parseJobs({ items: [item] })).toEqual([
      { name: 'j', uid: 'u', labels: {}, annotations: {}, deadline },
    ]);
  });
});
