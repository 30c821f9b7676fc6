/** Names and labels of what is made on a daemon: how a successor, `runner gc` and a person tell what is whose. */
import { z } from 'zod';

export const LABELS = {
  /** On everything that runner makes. */
  managed: 'runner.managed',
  schema: 'runner.schema',
  run: 'runner.run',
  attempt: 'runner.attempt',
  /** Drawn for the run and kept in its journal: a container with the run's name and another token is not ours. */
  token: 'runner.token',
  role: 'runner.role',
  /** Process that made it, `host/pid/start time in ticks`. */
  owner: 'runner.owner',
  /** Absolute runs directory on the owner's host. */
  runsDir: 'runner.runs-dir',
  /** Milliseconds since the Unix epoch, from which on anybody may remove it; empty for never. */
  deadline: 'runner.deadline',
  /** On a container that waits: what a run must want for it to be the right one. */
  warmClass: 'runner.warm-class',
  /** On a container that waits: digest of the data that it has been given already. */
  warmData: 'runner.warm-data',
} as const;

export const LABEL_SCHEMA = '1';
export const MANAGED = `${LABELS.managed}=1`;

export const ROLES = ['trainer', 'fill', 'in', 'out', 'warm', 'probe'] as const;
export type Role = (typeof ROLES)[number];

export interface LabelValues {
  readonly role: Role;
  readonly run: string;
  readonly attempt: number;
  readonly token: string;
  readonly owner: string;
  readonly runsDir: string;
  readonly deadline: number | null;
}

export const toLabels = (values: LabelValues): Record<string, string> => ({
  [LABELS.managed]: '1',
  [LABELS.schema]: LABEL_SCHEMA,
  [LABELS.run]: values.run,
  [LABELS.attempt]: String(values.attempt),
  [LABELS.token]: values.token,
  [LABELS.role]: values.role,
  [LABELS.owner]: values.owner,
  [LABELS.runsDir]: values.runsDir,
  [LABELS.deadline]: values.deadline === null ? '' : String(values.deadline),
});

const labelsSchema = z.object({
  [LABELS.managed]: z.literal('1'),
  [LABELS.schema]: z.literal(LABEL_SCHEMA),
  [LABELS.run]: z.string(),
  [LABELS.attempt]: z.coerce.number().int(),
  [LABELS.token]: z.string().min(1),
  [LABELS.role]: z.enum(ROLES),
  [LABELS.owner]: z.string(),
  [LABELS.runsDir]: z.string(),
  [LABELS.deadline]: z.string().regex(/^\d*$/),
});

/** What labels of ours say, or undefined if they are somebody else's, or of a later version. */
export function readLabels(labels: unknown): LabelValues | undefined {
  const found = labelsSchema.safeParse(labels).data;
  if (found === undefined) return undefined;
  const deadline = found[LABELS.deadline];
  return {
    role: found[LABELS.role],
    run: found[LABELS.run],
    attempt: found[LABELS.attempt],
    token: found[LABELS.token],
    owner: found[LABELS.owner],
    runsDir: found[LABELS.runsDir],
    deadline: deadline === '' ? null : Number(deadline),
  };
}

/** What an attempt is called on the daemon. The container's name is the lock: a second create of it is refused. */
export interface AttemptNames {
  readonly container: string;
  /** Through it the volume is filled that the trainer may only read. */
  readonly fill: string;
  readonly inVolume: string;
  readonly outVolume: string;
}

export const namesOf = (runId: string, attempt: number): AttemptNames => named(`runner-${runId}-${attempt}`);
/** Of a container that waits for a run. Whoever creates its `fill` has it. */
export const warmNamesOf = (token: string): AttemptNames => named(`runner-warm-${token}`);

const named = (name: string): AttemptNames => ({
  container: name,
  fill: `${name}-fill`,
  inVolume: `${name}-in`,
  outVolume: `${name}-out`,
});
