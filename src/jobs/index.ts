/** The jobs that come with `runner`. */
import { BLAST_RADIUS_JOB } from '../contract/blast-radius.js';
import { RunnerError } from '../contract/errors.js';
import type { Job } from '../contract/job.js';
import { createBlastRadius } from './blast-radius/index.js';
import { mnistCnn } from './mnist-cnn/index.js';

/** Those that a user can name. */
export const JOBS: readonly Job[] = [mnistCnn];

/** @throws RunnerError `unknown-job`, with the names there are */
export function findJob(name: string): Job {
  const job = JOBS.find((candidate) => candidate.name === name);
  if (job !== undefined) return job;
  const known = JOBS.map((candidate) => candidate.name).join(', ');
  throw new RunnerError('unknown-job', `There is no job "${name}": known jobs are ${known}.`);
}

/** As `findJob`, for the trainer, which is also given the runs of `runner bench --blast-radius`. */
export const findTrainerJob = (name: string): Job =>
  name === BLAST_RADIUS_JOB ? createBlastRadius() : findJob(name);
