import { z } from 'zod';
import { ANSWER_MS } from '../connection/answer-times.js';
import type { DaemonConnection } from '../connection/connection.js';
import { isStatus, toDaemonError } from '../connection/daemon-error.js';
import { withDeadline } from '../connection/deadline.js';

/** As much of GET /images/{name}/json as is used here. */
const inspectSchema = z.object({
  Id: z.string(),
  Size: z.int().min(0),
  RepoTags: z.array(z.string()).nullish(),
  Config: z
    .object({
      Labels: z.record(z.string(), z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
    })
    .nullish(),
});

export interface InspectedImage {
  /** `sha256:<hex>` */
  readonly id: string;
  readonly bytes: number;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value` */
  readonly env: readonly string[];
}

/** What the daemon knows of an image, or undefined if it has none of this name or id. */
export async function inspectImage(
  connection: DaemonConnection,
  name: string,
  signal: AbortSignal,
): Promise<InspectedImage | undefined> {
  try {
    // It takes no signal; it is left to itself when the time is up.
    const answer: unknown = await withDeadline(signal, ANSWER_MS.image, () =>
      connection.docker.getImage(name).inspect(),
    );
    const { Id, Size, RepoTags, Config } = inspectSchema.parse(answer);
    const [tags, labels, env] = [RepoTags ?? [], Config?.Labels ?? {}, Config?.Env ?? []];
    return { id: Id, bytes: Size, tags, labels, env };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    signal.throwIfAborted();
    throw toDaemonError(error, connection, `image ${name}`);
  }
}
