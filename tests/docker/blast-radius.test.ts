/** Some of the faults for real, as `runner bench --blast-radius` provokes and observes them. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { BlastRadius, Observation } from '../../src/report/blast-radius/cases.js';
import { dockerEnv, expectNoLeftovers, hasDaemon } from '../support/docker.js';
import { runJson } from '../support/runner.js';
import { testImage } from './support/image.js';

beforeAll(async () => {
  if (hasDaemon()) await testImage();
});
afterEach(expectNoLeftovers);

const folders = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('runner-blast-radius-'));
const blastRadius = async (...args: string[]): Promise<BlastRadius> => {
  const { exitCode, document, stderr } = await runJson(['bench', '--blast-radius', ...args], {
    env: dockerEnv(),
  });
  expect(exitCode, stderr).toBe(0);
  return document as unknown as BlastRadius;
};
const UNHURT = { status: 'cancelled', reason: 'interrupted', longestPauseMs: expect.any(Number) as number };
const SURVIVED = { end: 'survived', exitCode: 0, signal: null } as const;
const NOTHING = { processes: 0, containers: 0, volumes: 0 };

it('a crash takes the runner with it in-process, and only its own run in a container', async () => {
  const before = folders();
  const { cases } = await blastRadius('--modes', 'inprocess,docker', '--faults', 'segfault');
  expect(cases).toEqual([
    {
      ...{ fault: 'segfault', mode: 'inprocess', notRun: null },
      seen: {
        runner: { end: 'died', exitCode: null, signal: 'SIGSEGV' },
        bystander: { status: null, reason: null, longestPauseMs: null },
        ...{ outcome: null, error: null, reached: null, backMs: null },
        left: expect.objectContaining(NOTHING) as Observation['left'],
      },
    },
    {
      ...{ fault: 'segfault', mode: 'docker', notRun: null },
      seen: {
        ...{ runner: SURVIVED, bystander: UNHURT, error: null, reached: null },
        backMs: expect.any(Number) as number,
        outcome: { status: 'failed', reason: 'crashed', message: 'The trainer crashed (SIGSEGV).' },
        left: expect.objectContaining(NOTHING) as Observation['left'],
      },
    },
  ]);
  expect(folders()).toEqual(before);
});

it('a secret of the runner’s environment is read by a process of the same user, and not by a container', async () => {
  const { cases } = await blastRadius('--modes', 'process,docker', '--faults', 'read-environment');
  const found = cases.map((one) => (one.notRun === null ? one.seen : expect.unreachable(one.notRun)));
  expect(found.map(({ reached, outcome }) => [reached, outcome?.status])).toEqual([
    [true, 'succeeded'],
    [false, 'succeeded'],
  ]);
});
