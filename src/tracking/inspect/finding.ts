/** A line of `runner doctor`, as every part that is looked at gives it. */
export interface Finding {
  readonly name: string;
  readonly value: string;
  /** What to do about it; absent where all is well. */
  readonly remedy?: string;
}

export interface Inspected<T> {
  readonly finding: Finding;
  /** For --json; null where nothing is configured. */
  readonly document: T | null;
}
