import { describe, expect, it } from 'vitest';
import { isAway, toClusterError } from '../../../../runtimes/kubernetes/cluster/cluster-error.js';

const ASKED = { server: 'https://k:6443', namespace: 'runner', what: 'create jobs' };
const answer = (code: number, body: unknown) => Object.assign(new Error('HTTP-Code'), { code, body });
const status = (message: string) => ({ kind: 'Status', message });

describe('what a cluster says when it does not do what it is asked', () => {
  it.each([
    [
      'rights',
      answer(403, JSON.stringify(status('jobs.batch is forbidden: User "u" cannot create resource "jobs"'))),
      'cluster-forbidden',
      'The cluster at https://k:6443 does not allow to create jobs in the namespace runner: jobs.batch is forbidden: User "u" cannot create resource "jobs".',
    ],
    [
      'credentials',
      answer(401, status('Unauthorized')),
      'cluster-forbidden',
      'The cluster at https://k:6443 does not allow to create jobs in the namespace runner: Unauthorized.',
    ],
    [
      'members that it does not know',
      answer(400, status('strict decoding error: unknown field "spec.x"')),
      'cluster-failed',
      'The cluster at https://k:6443 would not create jobs: 400 strict decoding error: unknown field "spec.x".',
    ],
    [
      'a server that is just starting',
      answer(503, 'no healthy upstream\n'),
      'cluster-unreachable',
      'The cluster at https://k:6443 could not create jobs: 503 no healthy upstream.',
    ],
    [
      'nothing at all',
      Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6443'), { code: 'ECONNREFUSED' }),
      'cluster-unreachable',
      'The cluster at https://k:6443 cannot be reached: connect ECONNREFUSED 10.0.0.1:6443.',
    ],
  ])('%s', (_, error, code, message) => {
    const told = toClusterError(error, ASKED);
    expect(told).toMatchObject({ code, message });
    expect(isAway(told)).toBe(code === 'cluster-unreachable');
  });
});
