/** Names and labels of what is made on a cluster: how a successor and a person tell what is whose. */

/** The name is the lock of a run: a second create of it is refused. Run ids have only characters that names may have. */
export const jobNameOf = (runId: string): string => `runner-${runId}`;

/** Drawn anew for each attempt, so that one of that name is the attempt's own. */
export const secretNameOf = (jobName: string, token: string): string => `${jobName}-${token.slice(0, 8)}`;

export const LABELS = {
  app: 'app.kubernetes.io/name',
  managedBy: 'app.kubernetes.io/managed-by',
  run: 'runner.run',
  /** Drawn for the run and kept in its journal: a Job with the run's name and another token is not ours. */
  token: 'runner.token',
} as const;

/** On all that is made for a run. */
export const labelsOf = (runId: string, token: string): Record<string, string> => ({
  [LABELS.app]: 'runner-trainer',
  [LABELS.managedBy]: 'runner',
  ...ownLabels(runId, token),
});

/** Those by which its pods are found. */
export const ownLabels = (runId: string, token: string): Record<string, string> => ({
  [LABELS.run]: runId,
  [LABELS.token]: token,
});
