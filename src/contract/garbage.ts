/** What runs have left elsewhere: what was found of it, and what was done with it. */

/** One thing of ours. */
export interface Garbage {
  readonly kind: 'container' | 'volume' | 'job';
  /** Its name, or its id if it has none. */
  readonly name: string;
  /** What it was for. */
  readonly role: string;
  /** Id of the run that it belongs to; empty for none. */
  readonly run: string;
  /** `host/pid/start` of the process that made it. */
  readonly owner: string;
  /** Why it may go, or why it must stay. */
  readonly why: string;
  readonly verdict: 'removed' | 'would-remove' | 'kept';
}
