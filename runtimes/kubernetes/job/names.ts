/** Names and labels of what is made on a cluster: how a successor and a person tell what is whose. */

/** The name is the lock of a run: a second create of it is refused. Run ids have only characters that names may have. */
export const jobNameOf = (runId: string): string => `runner-${runId}`;

/** Drawn anew for each attempt, so that one of that name is the attempt's own. */
export const secretNameOf = (jobName: string, token: string): string => `${jobName}-${token.slice(0, 8)}`;

/** On a Job, for people and for `runner gc`: values that labels may not have. */
export const ANNOTATIONS = {
  /** Process that made it, `host/pid/start time in ticks`. */
  owner: 'runner.owner',
  /** Absolute runs directory on the owner's host. */
  runsDir: 'runner.runs-dir',
} as const;

export const LABELS = {
  app: 'app.kubernetes.io/name',
  managedBy: 'app.kubernetes.io/managed-by',
  run: 'runner.run',
  /** Drawn for the run and kept in its journal: a Job with the run's name and another token is not ours. */
  token: 'runner.token',
} as const;

/** On all that is made for a run. */
export const labelsOf = (runId: string, token: string): Record<string, string> => ({
  ...OURS,
  ...ownLabels(runId, token),
});

/** Those by which everything of ours is found. */
export const OURS = { [LABELS.app]: 'runner-trainer', [LABELS.managedBy]: 'runner' } as const;

/** Those by which its pods are found. */
export const ownLabels = (runId: string, token: string): Record<string, string> => ({
  [LABELS.run]: runId,
  [LABELS.token]: token,
});
