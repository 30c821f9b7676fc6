import type Docker from 'dockerode';
import { z } from 'zod';
import { RunnerError } from '../../../src/contract/errors.js';
import { isStatus } from '../connection/daemon-error.js';

/** As much of GET /containers/{id}/json as is used here. */
const inspectSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    ExitCode: z.int(),
    OOMKilled: z.boolean(),
    Error: z.string(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullable() }),
});

export interface ContainerState {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `removing`: somebody has asked for it to be removed, which may have ended it, too. */
  readonly status: 'created' | 'running' | 'ended' | 'removing';
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** The daemon's words on a start or an end that went wrong; often empty. */
  readonly error: string;
}

/** @throws the daemon's error, 404 for a container that is not there */
export async function inspectContainer(
  container: Docker.Container,
  signal: AbortSignal,
): Promise<ContainerState> {
  const { Id, State, Config } = inspectSchema.parse(await container.inspect({ abortSignal: signal }));
  return {
    id: Id,
    labels: Config.Labels ?? {},
    status: statusOf(State),
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    error: State.Error,
  };
}

/** `paused` and `restarting` count as running, `dead` as ended. */
function statusOf({ Status, Running }: { Status: string; Running: boolean }): ContainerState['status'] {
  if (Running) return 'running';
  return Status === 'created' || Status === 'removing' ? Status : 'ended';
}

/** Of a container that was there and is no more, or not for long. */
export const goneError = (cause?: unknown): RunnerError =>
  new RunnerError('killed', "The trainer's container is gone: somebody has removed it.", { cause });

/** Whether the daemon says that it is not there, or is just being removed. */
export const isGone = (error: unknown): boolean => isStatus(error, 404, 409);
