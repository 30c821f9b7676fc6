/** The jobs that come with `runner`. */
import { RunnerError } from '../contract/errors.js';
import type { Job } from '../contract/job.js';
import { mnistCnn } from './mnist-cnn/index.js';

export const JOBS: readonly Job[] = [mnistCnn];

/** @throws RunnerError `unknown-job`, with the names there are */
export function findJob(name: string): Job {
  const job = JOBS.find((candidate) => candidate.name === name);
  if (job !== undefined) return job;
  const known = JOBS.map((candidate) => candidate.name).join(', ');
  throw new RunnerError('unknown-job', `There is no job "${name}": known jobs are ${known}.`);
}
