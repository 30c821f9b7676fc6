/** Whether the daemon has the GPU that a run wants: only a start can tell, and it tells at once. */
import type { GpuRequest } from '../../src/contract/run-spec.js';
import type { DaemonConnection } from './connection/connection.js';
import { ANSWER_MS } from './connection/answer-times.js';
import { ask } from './connection/ask.js';
import { toDaemonError } from './connection/daemon-error.js';
import { withDeadline } from './connection/deadline.js';
import { limitsOf } from '../../src/isolation/container-limits.js';
import { createOptions } from './container/create-options.js';
import { toLabels } from './container/labels.js';
import { IN_IMAGE } from './image/names.js';

export interface GpuProbe {
  /** Id or tag of any image with our Node. */
  readonly image: string;
  readonly gpu: GpuRequest;
  /** `host/pid/start` */
  readonly owner: string;
  readonly signal: AbortSignal;
}

/**
 * Starts a container that asks for the devices and prints Node's version.
 * @throws RunnerError `gpu-unavailable` with the daemon's words; other errors of the daemon
 */
export async function probeGpu(connection: DaemonConnection, probe: GpuProbe): Promise<void> {
  const { image, gpu, owner, signal } = probe;
  const { docker } = connection;
  const labels = { role: 'probe', run: '', attempt: 1, token: 'gpu-probe', owner, runsDir: '' } as const;
  const { HostConfig, ...options } = createOptions({
    ...{ image, gpu, command: [], limits: limitsOf(undefined, 1), inVolume: '', outVolume: '' },
    labels: toLabels({ ...labels, deadline: null }),
  });
  try {
    const container = await withDeadline(signal, ANSWER_MS.probe, (abortSignal) =>
      docker.createContainer({
        ...options,
        // Nothing is put in or fetched.
        HostConfig: { ...HostConfig, Mounts: [] },
        Entrypoint: [IN_IMAGE.node, '--version'],
        abortSignal,
      }),
    );
    try {
      await withDeadline(signal, ANSWER_MS.probe, (abortSignal) => container.start({ abortSignal }));
    } finally {
      await ask(ANSWER_MS.remove, (abortSignal) => container.remove({ force: true, v: true, abortSignal }));
    }
  } catch (error) {
    signal.throwIfAborted();
    throw toDaemonError(error, connection, 'a container with a GPU');
  }
}
