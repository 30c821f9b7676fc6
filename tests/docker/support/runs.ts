/** Runs in containers of the tests' daemon, started as the command does it. */
import type Docker from 'dockerode';
import { createDockerRuntime, type DockerRuntimeParts } from '../../../runtimes/docker/index.js';
import { systemClock } from '../../../src/common/clock.js';
import type { RunEvent } from '../../../src/contract/run-event.js';
import type { UsedImage } from '../../../src/contract/run-outcome.js';
import type { Hyperparameters, RunSpec } from '../../../src/contract/run-spec.js';
import type { PlannedRun, Runtime } from '../../../src/contract/runtime.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';
import type { FinishedRun } from '../../../src/orchestrator/finish-run.js';
import { ownerLabel } from '../../../src/orchestrator/owner.js';
import { processMeter } from '../../../src/orchestrator/resources.js';
import { runJob } from '../../../src/orchestrator/run-job.js';
import { specOf, type Surroundings } from '../../contract/support/modes.js';
import { docker } from '../../support/docker.js';
import { testConnection, testImage } from './image.js';

export type RuntimeOptions = Partial<
  Pick<DockerRuntimeParts, 'connection' | 'timing' | 'outVolume' | 'onNotice' | 'owner'>
> & {
  readonly image?: UsedImage;
};

export interface DockerRunOptions extends RuntimeOptions {
  readonly hyperparameters?: Partial<Hyperparameters>;
  readonly limits?: RunSpec['limits'];
  readonly spec?: Partial<RunSpec>;
  readonly runsDir?: string;
  /** Called for each event, with what a test may do to the run then. */
  readonly onEvent?: (event: RunEvent, run: RunUnderTest) => void;
}

export interface RunUnderTest extends PlannedRun {
  /** By name on the daemon: it may be there or not. */
  readonly container: Docker.Container;
  readonly abort: (reason: Error) => void;
}

export interface WatchedRun extends FinishedRun {
  /** As they were told, in order. */
  readonly told: readonly RunEvent[];
}

/** A training that lasts for hours unless it is stopped. */
export const ENDLESS = { epochs: 100_000, earlyStopping: false } as const;

/** The runtime itself, with the trainer's image unless another is given. */
export const dockerRuntime = async (options: RuntimeOptions = {}): Promise<Runtime> =>
  createDockerRuntime({
    ...{ connection: await testConnection(), job: mnistCnn, clock: systemClock, owner: ownerLabel() },
    ...options,
    image: options.image ?? (await testImage()),
  });

/** Trains one epoch, unless told otherwise, to the outcome. */
export async function runInDocker(here: Surroundings, options: DockerRunOptions = {}): Promise<WatchedRun> {
  const { hyperparameters, limits, spec = {}, runsDir = here.runsDir, onEvent, ...parts } = options;
  const controller = new AbortController();
  const client = await docker();
  const told: RunEvent[] = [];
  let planned: PlannedRun | undefined;
  const finished = await runJob(
    {
      spec: {
        ...specOf('docker', here, { epochs: 1, ...hyperparameters }),
        ...(limits && { limits }),
        ...spec,
      },
      ...{ runsDir, evaluate: false, signal: controller.signal },
      onPlanned: (run) => (planned = run),
      onEvent: (event) => {
        told.push(event);
        onEvent?.(event, {
          ...planned!,
          container: client.getContainer(containerOf(planned!.runId)),
          abort: (reason) => controller.abort(reason),
        });
      },
    },
    { runtime: await dockerRuntime(parts), clock: systemClock, meter: processMeter },
  );
  return { ...finished, told };
}

export const containerOf = (runId: string): string => `runner-${runId}-1`;

/** What there is on the daemon of a run: names, whoever made it. */
export async function leftOf(runId: string): Promise<string[]> {
  const client = await docker();
  const containers = await client.listContainers({ all: true });
  const { Volumes: volumes } = await client.listVolumes();
  return [...containers.map(({ Names }) => Names[0]!.slice(1)), ...volumes.map(({ Name }) => Name)]
    .filter((name) => name.includes(runId))
    .sort();
}
