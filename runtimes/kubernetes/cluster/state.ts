/** What of a Job, its pod and its events is looked at, read by schema. */
import { z } from 'zod';

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
});
const time = z.union([z.date(), z.string()]).nullish();
const text = z.string().nullish();

const jobSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({ suspend: z.boolean().nullish() }),
  status: z.object({ conditions: z.array(condition).nullish() }).nullish(),
});

export interface JobState {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its pod is yet to be made. */
  readonly isSuspended: boolean;
  readonly isComplete: boolean;
  /** Why it has failed, if it has: `DeadlineExceeded`, `BackoffLimitExceeded`, `PodFailurePolicy`. */
  readonly failed: { readonly reason: string; readonly message: string } | undefined;
}

export function parseJob(job: unknown): JobState {
  const { metadata, spec, status } = jobSchema.parse(job);
  const conditions = status?.conditions ?? [];
  const holds = (type: string) => conditions.find((one) => one.type === type && one.status === 'True');
  const failed = holds('Failed');
  return {
    name: metadata.name,
    uid: metadata.uid,
    labels: metadata.labels ?? {},
    isSuspended: spec.suspend ?? false,
    isComplete: holds('Complete') !== undefined,
    failed: failed && { reason: failed.reason ?? '', message: failed.message ?? '' },
  };
}

const listedSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        uid: z.string(),
        creationTimestamp: time,
        labels: z.record(z.string(), z.string()).nullish(),
        annotations: z.record(z.string(), z.string()).nullish(),
      }),
      spec: z.object({
        activeDeadlineSeconds: z.number().nullish(),
        ttlSecondsAfterFinished: z.number().nullish(),
      }),
      status: z.object({ startTime: time }).nullish(),
    }),
  ),
});

/** A Job as it is found in a namespace. */
export interface ListedJob {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /**
   * From when on the cluster itself would have removed it if it had run, in milliseconds since the Unix epoch: what is
   * there then was never started. Null for never.
   */
  readonly deadline: number | null;
}

export const parseJobs = (list: unknown): readonly ListedJob[] =>
  listedSchema.parse(list).items.map(({ metadata, spec, status }) => {
    const { activeDeadlineSeconds, ttlSecondsAfterFinished } = spec;
    const since = status?.startTime ?? metadata.creationTimestamp;
    const seconds = (activeDeadlineSeconds ?? Infinity) + (ttlSecondsAfterFinished ?? Infinity);
    return {
      ...{ name: metadata.name, uid: metadata.uid },
      ...{ labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} },
      deadline: since && Number.isFinite(seconds) ? new Date(since).getTime() + 1000 * seconds : null,
    };
  });

const why = z.object({ reason: text, message: text });
const podSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), creationTimestamp: time, deletionTimestamp: time }),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      conditions: z.array(condition).nullish(),
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            state: z
              .object({
                waiting: why.nullish(),
                running: z.object({}).nullish(),
                terminated: why.extend({ exitCode: z.int() }).nullish(),
              })
              .nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

export interface Why {
  readonly reason: string;
  readonly message: string;
}

export interface PodState {
  readonly name: string;
  readonly uid: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** It was asked to end. */
  readonly isDeleted: boolean;
  /** `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`. */
  readonly phase: string;
  /** Of the pod itself: `Evicted`, `NodeLost`. */
  readonly said: Why;
  /** Why no node takes it, as the scheduler says. */
  readonly unschedulable: string | undefined;
  /** Why the cluster takes it away, if it does: `DeletionByTaintManager`, `EvictionByEvictionAPI`. */
  readonly disruption: Why | undefined;
  readonly container:
    | { readonly state: 'unknown' | 'running' }
    | ({ readonly state: 'waiting' } & Why)
    | ({ readonly state: 'terminated'; readonly exitCode: number } & Why);
}

const reading = ({ reason, message }: z.infer<typeof why>): Why => ({
  reason: reason ?? '',
  message: message ?? '',
});

export const CONTAINER = 'trainer';

export function parsePod(pod: unknown): PodState {
  const { metadata, status } = podSchema.parse(pod);
  const conditions = status?.conditions ?? [];
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  const disruption = conditions.find((one) => one.type === 'DisruptionTarget' && one.status === 'True');
  return {
    name: metadata.name,
    uid: metadata.uid,
    createdAt: metadata.creationTimestamp ? new Date(metadata.creationTimestamp).getTime() : 0,
    isDeleted: Boolean(metadata.deletionTimestamp),
    phase: status?.phase ?? 'Pending',
    said: reading(status ?? {}),
    unschedulable:
      scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
        ? (scheduled.message ?? '')
        : undefined,
    disruption: disruption && reading(disruption),
    container: containerOf(status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state),
  };
}

type ContainerStatus = NonNullable<
  NonNullable<z.infer<typeof podSchema>['status']>['containerStatuses']
>[number];

function containerOf(state: ContainerStatus['state']): PodState['container'] {
  if (state?.terminated) {
    return { state: 'terminated', exitCode: state.terminated.exitCode, ...reading(state.terminated) };
  }
  if (state?.running) return { state: 'running' };
  if (state?.waiting) return { state: 'waiting', ...reading(state.waiting) };
  return { state: 'unknown' };
}

const eventsSchema = z.object({
  items: z.array(z.object({ reason: text, message: text, lastTimestamp: time, eventTime: time })),
});

/** `FailedCreate: pods "x" is forbidden: exceeded quota`, newest last. */
export function parseEvents(list: unknown): readonly string[] {
  const at = (value: z.infer<typeof time>): number => (value ? new Date(value).getTime() : 0);
  return eventsSchema
    .parse(list)
    .items.sort((a, b) => at(a.lastTimestamp ?? a.eventTime) - at(b.lastTimestamp ?? b.eventTime))
    .map(({ reason, message }) => `${reason ?? ''}: ${message ?? ''}`);
}
