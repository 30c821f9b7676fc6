/** Exit statuses of the `runner` command. 99 is never used: Airflow reads it as "skipped". */
export const EXIT = {
  succeeded: 0,
  runFailed: 1,
  usage: 2,
  environment: 3,
  trackingFailed: 4,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** What the table of errors says of a code. */
export type ErrorEntry = { readonly exit: number; readonly hint: string };
