/**
 * The trainer as a program with a job of its own, whose data set is nothing but a digest: plan, results and engine
 * folder are the arguments, and `lifeline`. Says `ready` when signals are listened for, `loading` when it loads.
 */
import { once } from 'node:events';
import { RunnerError } from '../../../../src/contract/errors.js';
import type { ImageDataset, Job } from '../../../../src/contract/job.js';
import { runPlan } from '../../../../src/trainer/run-plan.js';

const [planPath = '', outDir = '', engineDir = '', lifeline] = process.argv.slice(2);

async function loadData(dir: string): Promise<ImageDataset> {
  process.stderr.write(`loading ${dir}\n`);
  if (lifeline !== undefined) await once(process.stdin, 'end');
  return { digest: `sha256:${'1'.repeat(64)}` } as ImageDataset;
}

function findJob(name: string): Job {
  if (name === 'digest-only') return { name, loadData } as unknown as Job;
  throw new RunnerError('unknown-job', `There is no job "${name}".`);
}

const running = runPlan({ planPath, outDir, engineDir, endWithStdin: lifeline !== undefined, findJob });
process.stderr.write('ready\n');
process.exitCode = await running;
process.stdin.destroy();
