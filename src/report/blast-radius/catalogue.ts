/** What each fault is, and what a runner that has told it rightly says of the run. */
import type { Fault } from '../../contract/blast-radius.js';
import type { RunReason } from '../../contract/run-outcome.js';

export interface FaultDefinition {
  /** What the job does, after "the job". */
  readonly does: string;
  /** Reasons that are right; none where the run may well succeed. */
  readonly reasons: readonly RunReason[];
  /** Its own run need not: what it uses up is missed there, too. */
  readonly mayFail?: boolean;
  /** What it is after outside of its run, as `reached` is shown: it got it, or it did not. Absent where it is after nothing. */
  readonly goal?: { readonly got: string; readonly missed: string };
}

export const CATALOGUE: Readonly<Record<Fault, FaultDefinition>> = {
  heap: { does: 'fills the JavaScript heap', reasons: ['heap-exhausted'] },
  memory: {
    does: 'takes memory outside of the heap until the kernel ends it',
    reasons: ['out-of-memory'],
  },
  segfault: { does: 'is ended by SIGSEGV', reasons: ['crashed'] },
  'endless-loop': { does: 'loops and never yields, with a time limit set', reasons: ['timeout'] },
  'log-flood': { does: 'prints 1 GiB', reasons: ['log-flood'] },
  'disk-fill': {
    does: 'writes 512 MiB to where its results go',
    reasons: ['disk-full', 'artifact-rejected'],
  },
  'fork-bomb': { does: 'starts 40 processes, or as many as it may', reasons: [], mayFail: true },
  orphan: { does: 'leaves a process behind, in a session of its own', reasons: [] },
  'read-environment': {
    does: 'looks for a secret of the runner’s environment, in its own and in that of every process',
    reasons: [],
    goal: { got: 'secret read', missed: 'secret kept' },
  },
  'read-file': {
    does: 'reads a file of the runner’s user with a secret in it',
    reasons: [],
    goal: { got: 'secret read', missed: 'secret kept' },
  },
  connect: {
    does: 'connects to a port that listens on 127.0.0.1',
    reasons: [],
    goal: { got: 'connected', missed: 'no way there' },
  },
  'delete-files': {
    does: 'deletes a folder of the runner’s user outside of its run',
    reasons: [],
    goal: { got: 'files deleted', missed: 'files kept' },
  },
};
