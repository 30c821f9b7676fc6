import { describe, expect, it } from 'vitest';
import { parseJob, parsePod } from '../../../../runtimes/kubernetes/cluster/state.js';
import { judge } from '../../../../runtimes/kubernetes/pod/judge.js';

/** As the API has them. */
const pod = (status: object, metadata: object = {}) =>
  parsePod({
    metadata: { name: 'p', uid: 'u', creationTimestamp: '2026-11-26T02:00:00Z', ...metadata },
    status,
  });
const job = (...conditions: object[]) =>
  parseJob({ metadata: { name: 'j', uid: 'u' }, spec: { suspend: false }, status: { conditions } });
const failed = (reason: string, message = '') => job({ type: 'Failed', status: 'True', reason, message });
const container = (state: object) => ({ containerStatuses: [{ name: 'trainer', state }] });
const terminated = (exitCode: number, reason = 'Error') => container({ terminated: { exitCode, reason } });
const disrupted = (reason: string, message = '') => ({
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message }],
});
const DELETED = { deletionTimestamp: '2026-11-26T02:10:00Z' };
const ended = (exitCode: number | null, cause: object | null = null, oomKilled = false) => ({
  state: 'ended',
  end: { exitCode, oomKilled, cause },
});

describe('a pod that has ended', () => {
  it.each([
    ['well', { phase: 'Succeeded', ...terminated(0, 'Completed') }, ended(0)],
    ['badly', { phase: 'Failed', ...terminated(1) }, ended(1)],
    ['for its memory', { phase: 'Failed', ...terminated(137, 'OOMKilled') }, ended(137, null, true)],
    [
      'for the memory of its node',
      {
        phase: 'Failed',
        reason: 'Evicted',
        message: 'The node was low on resource: memory.',
        ...terminated(137),
      },
      ended(137, {
        code: 'evicted',
        message: 'The pod was evicted (Evicted: The node was low on resource: memory).',
      }),
    ],
    [
      'to make room',
      {
        phase: 'Failed',
        ...disrupted('PreemptionByScheduler', 'preempting to accommodate'),
        ...terminated(143),
      },
      ended(143, {
        code: 'evicted',
        message: 'The pod made room for another one (PreemptionByScheduler: preempting to accommodate).',
      }),
    ],
    [
      'with its node',
      { phase: 'Failed', ...disrupted('DeletionByPodGC', 'PodGC: node no longer exists') },
      ended(null, {
        code: 'node-lost',
        message: 'The node of the pod went away (DeletionByPodGC: PodGC: node no longer exists).',
      }),
    ],
    [
      'before its trainer had a status',
      { phase: 'Failed', reason: 'UnexpectedAdmissionError', message: 'no GPU left' },
      ended(null, {
        code: 'killed',
        message: 'The pod has ended without a word of its trainer (UnexpectedAdmissionError: no GPU left).',
      }),
    ],
  ])('%s', (_, status, verdict) => expect(judge(job(), pod(status))).toEqual(verdict));

  it('because its time was up', () => {
    const verdict = judge(failed('DeadlineExceeded'), pod({ phase: 'Failed', ...terminated(143) }, DELETED));
    const message = 'The cluster ended the pod: its time (activeDeadlineSeconds) was up.';
    expect(verdict).toEqual(ended(143, { code: 'timeout', message }));
  });
});

describe('a Job without a pod', () => {
  it.each([
    ['that is complete', job({ type: 'Complete', status: 'True' }), ended(0)],
    [
      'whose pod was taken away',
      failed(
        'PodFailurePolicy',
        'Pod runner/x has condition DisruptionTarget matching FailJob rule at index 0',
      ),
      ended(null, {
        code: 'evicted',
        message:
          'The cluster took the pod away (PodFailurePolicy: Pod runner/x has condition DisruptionTarget matching FailJob rule at index 0).',
      }),
    ],
    [
      'whose pod somebody has deleted',
      failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit'),
      ended(null, {
        code: 'killed',
        message:
          'The pod is gone, and the Job has failed (BackoffLimitExceeded: Job has reached the specified backoff limit).',
      }),
    ],
    ['whose pod is yet to be made', job(), { state: 'waiting', trouble: undefined }],
  ])('%s', (_, found, verdict) => expect(judge(found, undefined)).toEqual(verdict));

  it('that is gone, too', () => expect(judge(undefined, undefined)).toEqual({ state: 'gone' }));
});

describe('a pod that does not start', () => {
  const waits = (reason: string, message: string) => ({
    phase: 'Pending',
    ...container({ waiting: { reason, message } }),
  });
  it.each([
    ['is being made', waits('ContainerCreating', ''), undefined],
    [
      'no node has room for',
      {
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/2 nodes are available.',
          },
        ],
      },
      ['unschedulable', 'No node can take the pod (0/2 nodes are available).', false],
    ],
    [
      'has an image that is not there yet, or never',
      waits('ErrImagePull', 'not found'),
      ['image-missing', "The node cannot get the trainer's image (ErrImagePull: not found).", false],
    ],
    [
      'has an image whose name is none',
      waits('InvalidImageName', 'couldn\'t parse "A:B:C"'),
      [
        'image-missing',
        'The node cannot get the trainer\'s image (InvalidImageName: couldn\'t parse "A:B:C").',
        true,
      ],
    ],
    [
      'lacks its Secret',
      waits('CreateContainerConfigError', 'secret not found'),
      [
        'cluster-failed',
        'The node cannot start the trainer (CreateContainerConfigError: secret not found).',
        false,
      ],
    ],
  ])('because it %s', (_, status, trouble) => {
    const [code, message, isFinal] = trouble ?? [];
    const expected = trouble === undefined ? undefined : { code, message, isFinal };
    expect(judge(job(), pod(status))).toEqual({ state: 'waiting', trouble: expected });
  });
});

describe('a pod that runs', () => {
  const running = { phase: 'Running', ...container({ running: {} }) };
  it('is read along', () => expect(judge(job(), pod(running))).toEqual({ state: 'running' }));
  it('is asked to end by us', () => {
    expect(judge(undefined, pod(running, DELETED))).toEqual({ state: 'ending', cause: undefined });
  });
  it('is asked to end for its node, which may never answer', () => {
    const verdict = judge(job(), pod({ ...running, ...disrupted('DeletionByTaintManager') }, DELETED));
    const message = 'The node of the pod went away (DeletionByTaintManager).';
    expect(verdict).toEqual({ state: 'ending', cause: { code: 'node-lost', message } });
  });
});
