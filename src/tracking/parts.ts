import { RunnerError, type ErrorCode } from '../contract/errors.js';

/** Does one part of a recording; undefined if that could not be done, where the others are to be done all the same. */
export type Attempt = <T>(part: () => Promise<T>) => Promise<T | undefined>;

/** Wrong with the part, and not with the server or the run on it: the next part may well be recorded. */
const OF_ONE_PART: readonly ErrorCode[] = [
  'run-corrupt',
  'run-newer-schema',
  'file-unusable',
  'tracking-conflict',
  'tracking-refused',
];

const isOfOnePart = (error: unknown): error is RunnerError =>
  error instanceof RunnerError && OF_ONE_PART.includes(error.code);

/** The parts of one recording, of which none is lost by another. */
export class Parts {
  #problem: RunnerError | null = null;

  constructor(private readonly signal: AbortSignal) {}

  /** What was wrong with the first that could not be recorded. */
  get problem(): RunnerError | null {
    return this.#problem;
  }

  /** @throws what keeps the other parts from being recorded as well; the signal's reason */
  readonly attempt: Attempt = async (part) => {
    try {
      return await part();
    } catch (error) {
      if (this.signal.aborted || !isOfOnePart(error)) throw error;
      this.#problem ??= error;
      return undefined;
    }
  };
}
