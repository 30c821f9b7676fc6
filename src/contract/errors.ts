/**
 * Every way in which `runner` can fail, in one table. A code is part of the public interface: it stands in
 * `--json` output and in docs/errors.md, so rename one only with a major version.
 */

import { CLUSTER_ERRORS } from './cluster-errors.js';
import { EXIT } from './exit-status.js';
import type { ErrorEntry, Situation } from './exit-status.js';
import { GPU_ERRORS } from './gpu-errors.js';
import { TRACKING_ERRORS } from './tracking-errors.js';

export { EXIT };

/** code → exit status and what the user can do about it. The message of each error says what happened to what. */
export const ERRORS = {
  usage: { exit: EXIT.usage, hint: 'Run `runner --help` or `runner COMMAND --help`.' },
  'bad-spec': {
    exit: EXIT.usage,
    hint: 'Correct the value; `runner train --help` lists the settings and what they take.',
  },
  'bad-config': {
    exit: EXIT.usage,
    hint: 'Correct the configuration file; docs/configuration.md lists its keys.',
  },
  'unknown-job': { exit: EXIT.usage, hint: 'Name one of the jobs that `runner train --help` lists.' },
  'bad-data': {
    exit: EXIT.usage,
    hint: 'Replace the data set; the four IDX files are described in docs/data.md.',
  },
  'data-missing': {
    exit: EXIT.usage,
    hint: 'Point --data-dir at a folder with the four IDX files (docs/data.md).',
  },
  'run-not-found': { exit: EXIT.usage, hint: '`runner runs ls` lists the runs of this runs directory.' },
  'run-ambiguous': { exit: EXIT.usage, hint: 'Give more characters of the run id.' },
  'run-unfinished': {
    exit: EXIT.usage,
    hint: 'Wait for the run to end, or look at it with `runner runs show`.',
  },
  'run-busy': {
    exit: EXIT.usage,
    hint: 'Wait for it to end; a lock that a killed process left expires after 10 s.',
  },
  'run-taken-over': {
    exit: EXIT.environment,
    hint: '`runner runs attach RUN` follows it. A host that sleeps, or is cut off from the runs, for two minutes is taken for dead.',
  },
  'run-newer-schema': {
    exit: EXIT.usage,
    hint: 'Upgrade `runner` to the version that wrote this run, or a later one.',
  },
  'run-corrupt': { exit: EXIT.usage, hint: 'The directory is kept as it is; `runner runs rm` removes it.' },
  'not-comparable': { exit: EXIT.usage, hint: 'Name runs of one spec, or compare them anyway with --force.' },
  'check-failed': { exit: EXIT.runFailed, hint: 'The report has every figure that was compared.' },
  'bench-not-found': {
    exit: EXIT.usage,
    hint: 'Begin one: `runner bench --modes inprocess,docker`; each lies in .benches/ of its runs directory.',
  },
  'bench-busy': {
    exit: EXIT.usage,
    hint: 'Wait for it to end; a lock that a killed process left expires after 5 s.',
  },
  'runs-dir-unwritable': {
    exit: EXIT.environment,
    hint: 'Give a writable folder with --runs-dir or RUNNER_RUNS_DIR.',
  },
  'disk-full': {
    exit: EXIT.environment,
    hint: 'Free disk space where the message says, or give another --runs-dir; then run it again.',
  },
  'file-unusable': {
    exit: EXIT.environment,
    hint: 'Make it usable for this user (owner, permissions, mount), then run it again.',
  },
  'engine-missing': {
    exit: EXIT.environment,
    hint: 'Run `runner doctor` to see what is missing and how to get it.',
  },
  'engine-corrupt': {
    exit: EXIT.environment,
    hint: 'Run `runner engine provision --force` to build it anew.',
  },
  'engine-threads-fixed': {
    exit: EXIT.environment,
    hint: 'Use one thread count a process: TensorFlow reads it once, at load.',
  },
  'compiler-missing': {
    exit: EXIT.environment,
    hint: 'Install one: `apt-get install g++`, `dnf install gcc-c++`, or `xcode-select --install`.',
  },
  'compile-failed': {
    exit: EXIT.environment,
    hint: 'The compiler output above names the cause; docs/engine.md lists proved compilers.',
  },
  'python-missing': {
    exit: EXIT.environment,
    hint: 'Install Python 3 with pip, or set RUNNER_LIBTENSORFLOW to a folder with the library.',
  },
  'npm-missing': {
    exit: EXIT.environment,
    hint: 'Install npm, which comes with Node.js, or take --engine tensorflow.',
  },
  'download-failed': {
    exit: EXIT.environment,
    hint: 'Check the network, proxy and pip configuration, or set RUNNER_LIBTENSORFLOW.',
  },
  'hash-mismatch': {
    exit: EXIT.environment,
    hint: 'The file was refused and deleted; check the package index or proxy that served it.',
  },
  'platform-unsupported': {
    exit: EXIT.environment,
    hint: 'docs/engine.md lists the platforms; RUNNER_LIBTENSORFLOW takes a library of your own.',
  },
  'daemon-unreachable': {
    exit: EXIT.environment,
    hint: 'Start Docker, or point DOCKER_HOST at a daemon; `runner doctor` shows what was tried.',
    hints: { doctor: 'Start Docker, or point DOCKER_HOST at a daemon.' },
  },
  'daemon-forbidden': {
    exit: EXIT.environment,
    hint: 'Let this user use the daemon: `sudo usermod -aG docker "$USER"`, then log in again.',
  },
  'daemon-too-old': { exit: EXIT.environment, hint: 'Upgrade Docker to 19.03 or later.' },
  'daemon-failed': {
    exit: EXIT.environment,
    hint: "The daemon's own words are in the message; its log says more.",
  },
  'daemon-restarted': {
    exit: EXIT.environment,
    hint: 'Run it again; with "live-restore" in daemon.json a restart leaves containers alone.',
  },
  'image-missing': { exit: EXIT.environment, hint: '`runner image build` builds it.' },
  'image-build-failed': { exit: EXIT.environment, hint: "The builder's last lines are in the message." },
  'image-base-missing': {
    exit: EXIT.environment,
    hint: 'Name a base image that the daemon has or can pull: `runner image build --base IMAGE`.',
  },
  ...GPU_ERRORS,
  'container-conflict': {
    exit: EXIT.environment,
    hint: 'Remove or rename it if it is yours; runner touches only what it has made itself.',
  },
  'limit-too-low': { exit: EXIT.usage, hint: 'Raise the limit to what the message names.' },
  'artifact-rejected': {
    exit: EXIT.runFailed,
    hint: 'Nothing of it was taken over; the trainer must write plain files below its limits.',
  },
  'log-flood': {
    exit: EXIT.runFailed,
    hint: 'trainer.log keeps what was printed up to the limit: print less.',
  },
  'out-of-memory': { exit: EXIT.runFailed, hint: 'Raise --memory, or lower --batch-size.' },
  'heap-exhausted': {
    exit: EXIT.runFailed,
    hint: 'Raise --memory: the JavaScript heap grows with it.',
  },
  crashed: { exit: EXIT.runFailed, hint: 'trainer.log in the run directory has its last words.' },
  killed: { exit: EXIT.runFailed, hint: 'Somebody or something ended the trainer: run it again.' },
  timeout: {
    exit: EXIT.runFailed,
    hint: 'Raise --timeout, or ask for less; checkpoints/ keeps the last state where there is one.',
  },
  ...CLUSTER_ERRORS,
  ...TRACKING_ERRORS,
  untraceable: {
    exit: EXIT.usage,
    hint: 'Use --engine-step eager, or change the layer that is named (docs/traced-step.md).',
  },
  diverged: {
    exit: EXIT.runFailed,
    hint: 'Lower the learning rate. checkpoints/ keeps the end of the last good epoch, if there was one.',
  },
  interrupted: { exit: EXIT.interrupted, hint: 'Nothing was begun; run it again.' },
  terminated: { exit: EXIT.terminated, hint: 'Nothing was begun; run it again.' },
  'hung-up': { exit: EXIT.hungUp, hint: 'Nothing was begun; run it again.' },
  'run-failed': { exit: EXIT.runFailed, hint: 'events.ndjson in the run directory has the details.' },
  internal: {
    exit: EXIT.runFailed,
    hint: 'This is a defect in runner: please report it with the stack trace that --debug shows.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * The one error class that `runner` throws on purpose. `message` says what happened and to what; `hint` says what
 * to do; `cause` keeps the original error.
 */
export class RunnerError extends Error {
  readonly code: ErrorCode;
  /** What to do about it: the table's hint unless a better one is known where it happened. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RunnerError';
    this.code = code;
    this.hint = options.hint ?? ERRORS[code].hint;
  }

  /** Whether a better hint than that of the table was known where it happened. */
  get hasOwnHint(): boolean {
    return this.hint !== ERRORS[this.code].hint;
  }

  /** What to do about it for whoever was not training a run. */
  hintFor(situation: Situation): string {
    const { hints }: ErrorEntry = ERRORS[this.code];
    return this.hasOwnHint ? this.hint : (hints?.[situation] ?? this.hint);
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }
}
