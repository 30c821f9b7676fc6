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

/** What somebody did who was not training a run: read recorded ones, record some (`runner log`, `sync`), `runner doctor`. */
export type Situation = 'reading' | 'recording' | 'doctor';

/** What the table of errors says of a code. */
export interface ErrorEntry {
  readonly exit: number;
  readonly hint: string;
  /** Where that would be the wrong thing to do, or says too little. */
  readonly hints?: Readonly<Partial<Record<Situation, string>>>;
}
