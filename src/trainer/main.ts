/**
 * The trainer as a program: what a child process and a container run. Reads a plan, trains it, and tells how on its
 * standard output and in the output folder (src/contract/trainer-program.ts).
 *
 *   main.js --plan FILE|- --out DIR --engine DIR [--end-with-stdin] [--warm THREADS --job NAME --data DIR]
 *           [--transfers FILE]
 *
 * With `--plan -` the plan is the first line of the standard input. With `--end-with-stdin` the end of the standard
 * input, which is the end of whoever holds it, cancels the run. With `--warm` TensorFlow and the data that the plan
 * may name are loaded before it is read, and messages say when it waits for the plan and when it has it. With
 * `--transfers` plan and data are fetched first, and what came of them is sent away (src/contract/transfers.ts).
 */
import { parseArgs } from 'node:util';
import { findTrainerJob } from '../jobs/index.js';
import { runPlan } from './run-plan.js';
import type { PlanRequest } from './run-plan.js';

const { values } = parseArgs({
  options: {
    plan: { type: 'string' },
    out: { type: 'string' },
    engine: { type: 'string' },
    'end-with-stdin': { type: 'boolean', default: false },
    transfers: { type: 'string' },
    warm: { type: 'string' },
    job: { type: 'string', default: '' },
    data: { type: 'string', default: '' },
  },
});
const { plan, out, engine } = values;
if (plan === undefined || out === undefined || engine === undefined) {
  throw new Error('usage: main.js --plan FILE|- --out DIR --engine DIR [--end-with-stdin] [--warm THREADS]');
}
// The standard output is for messages: what a job prints by console.log goes where errors go.
const print = (...values: unknown[]): void => console.error(...values);
Object.assign(globalThis.console, { log: print, info: print });
const request: PlanRequest = {
  planPath: plan,
  outDir: out,
  engineDir: engine,
  endWithStdin: values['end-with-stdin'],
  ...(values.warm === undefined
    ? {}
    : { ahead: { threads: Number(values.warm), job: values.job, dataDir: values.data } }),
  findJob: findTrainerJob,
};
process.exitCode =
  values.transfers === undefined
    ? await runPlan(request)
    : await (await import('./transfers/index.js')).runWithTransfers(values.transfers, request);
// The lifeline would keep the process waiting.
process.stdin.destroy();
