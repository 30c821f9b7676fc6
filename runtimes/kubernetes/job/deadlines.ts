/** How long what is made for a run stays good without the runner. */

const DAY_SECONDS = 86_400;
/** No signature of S3 holds longer. */
const LONGEST_SIGNED_SECONDS = 7 * DAY_SECONDS;
/** For the results to be sent by addresses that are still good. */
const SENDING_SECONDS = 3600;
/** The runner itself keeps the time limit of a run; the cluster does where there is no runner any more. */
const SLACK_SECONDS = 120;

/** From the request to end to the kill: a step, a checkpoint, and the results on their way. */
export const GRACE_SECONDS = 60;

/** A Job that has ended, and nobody has come for, goes after this; its results stay in the store. */
export const TTL_SECONDS = DAY_SECONDS;

/** From the pod's making, the wait for a node included. */
export const deadlineSeconds = (timeoutMs: number | undefined): number => {
  const longest = LONGEST_SIGNED_SECONDS - SENDING_SECONDS;
  return timeoutMs === undefined ? longest : Math.min(longest, Math.ceil(timeoutMs / 1000) + SLACK_SECONDS);
};

/** Of the addresses that a pod is given. */
export const signedSeconds = (timeoutMs: number | undefined): number =>
  Math.min(LONGEST_SIGNED_SECONDS, deadlineSeconds(timeoutMs) + SENDING_SECONDS);
