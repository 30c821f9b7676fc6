import type Docker from 'dockerode';
import { z } from 'zod';

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
  readonly status: 'created' | 'running' | 'ended';
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
    // `paused` and `restarting` count as running; `removing` and `dead` as ended.
    status: State.Status === 'created' ? 'created' : State.Running ? 'running' : 'ended',
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    error: State.Error,
  };
}
