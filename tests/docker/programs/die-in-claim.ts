/**
 * die-in-claim.ts MOMENT OPTIONS: begins a run in a container, and kills itself as hard as can be when it is about to
 * take a waiting trainer (`before claim`), has taken it (`after claim`), is about to give it its plan (`before plan`),
 * is told that it has it (`after plan`), or hears of its first epoch (`training`).
 */
import type Docker from 'dockerode';
import { connect } from '../../../runtimes/docker/connection/connection.js';
import { createDockerRuntime } from '../../../runtimes/docker/index.js';
import { systemClock } from '../../../src/common/clock.js';
import type { UsedImage } from '../../../src/contract/run-outcome.js';
import type { RunSpec } from '../../../src/contract/run-spec.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import { ownerLabel } from '../../../src/orchestrator/owner.js';
import { processMeter } from '../../../src/orchestrator/resources.js';
import { runJob } from '../../../src/orchestrator/run-job.js';

const [, , moment, options = ''] = process.argv;
const { spec, runsDir, image } = JSON.parse(options) as {
  readonly spec: RunSpec;
  readonly runsDir: string;
  readonly image: UsedImage;
};
const dieAt = (now: string): void => {
  if (now === moment) process.kill(process.pid, 'SIGKILL');
};

const connection = await connect(process.env);
const { docker } = connection;
const create = docker.createContainer.bind(docker) as (
  body: Docker.ContainerCreateOptions,
) => Promise<Docker.Container>;
docker.createContainer = (async (body: Docker.ContainerCreateOptions) => {
  dieAt('before claim');
  const made = await create(body);
  dieAt('after claim');
  return made;
}) as typeof docker.createContainer;
const get = docker.getContainer.bind(docker);
docker.getContainer = (id) => {
  const container = get(id);
  const attach = container.attach.bind(container);
  container.attach = (async (body: Docker.ContainerAttachOptions) => {
    dieAt('before plan');
    const stream = await attach(body);
    return stream.on('data', () => dieAt('after plan'));
  }) as typeof container.attach;
  return container;
};
await runJob(
  {
    spec,
    runsDir,
    evaluate: false,
    signal: new AbortController().signal,
    onEvent: ({ type }) => type === 'epoch' && dieAt('training'),
  },
  {
    runtime: createDockerRuntime({
      connection,
      image,
      job: mnistCnn,
      clock: systemClock,
      owner: ownerLabel(),
    }),
    clock: systemClock,
    meter: processMeter,
  },
);
