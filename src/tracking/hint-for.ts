import type { RunnerError } from '../contract/errors.js';

/** How most hints end where a run was trained that stays unrecorded. */
const THEN_SYNC = /; then `runner sync`\.$/;
const INSTEAD = { reading: '.', recording: '; then run this again.' };

/** What to do about a failure for whoever has not just trained a run: nobody is sent to `runner sync`. */
export const hintFor = (error: RunnerError, situation: keyof typeof INSTEAD): string =>
  error.hintFor(situation).replace(THEN_SYNC, INSTEAD[situation]);
