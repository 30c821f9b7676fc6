import { reworded } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { hintFor } from '../hint-for.js';

/** The same failure, with a hint for whoever has only read. */
export const readingFailure = (error: unknown): unknown =>
  error instanceof RunnerError ? reworded(error, { hint: hintFor(error, 'reading') }) : error;
