/** keep-warm.ts OPTIONS: keeps trainers warm until it is killed, and says each time how many wait. */
import { connect } from '../../../runtimes/docker/connection/connection.js';
import { keepWarm } from '../../../runtimes/docker/warm/index.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { ownerLabel } from '../../../src/orchestrator/owner.js';

const options = JSON.parse(process.argv[2] ?? '') as {
  readonly size: number;
  readonly image: string;
  readonly data: { readonly dir: string; readonly digest: string };
  readonly timing?: { readonly refillAfterMs: number };
};
await keepWarm(await connect(process.env), {
  ...{ ...options, limits: undefined, threads: 2, job: mnistCnn, owner: ownerLabel() },
  signal: new AbortController().signal,
  onSize: (waiting) => process.stdout.write(`${waiting} wait\n`),
});
