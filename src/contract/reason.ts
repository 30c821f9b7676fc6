import type { ErrorCode } from './errors.js';
import type { RunReason } from './run-outcome.js';

const REASONS: Partial<Record<ErrorCode, RunReason>> = {
  'bad-spec': 'bad-spec',
  'bad-config': 'bad-spec',
  'unknown-job': 'bad-spec',
  untraceable: 'bad-spec',
  'bad-data': 'bad-data',
  'data-missing': 'bad-data',
  'disk-full': 'disk-full',
  'engine-missing': 'engine-missing',
  'engine-corrupt': 'engine-missing',
  'engine-threads-fixed': 'engine-missing',
  'platform-unsupported': 'engine-missing',
  diverged: 'diverged',
  'limit-too-low': 'bad-spec',
  'daemon-unreachable': 'daemon-unreachable',
  'daemon-forbidden': 'daemon-unreachable',
  'daemon-too-old': 'daemon-unreachable',
  'daemon-restarted': 'daemon-restarted',
  'image-missing': 'image-missing',
  'gpu-unavailable': 'gpu-unavailable',
  'artifact-rejected': 'artifact-rejected',
  'log-flood': 'log-flood',
  'out-of-memory': 'out-of-memory',
  'heap-exhausted': 'heap-exhausted',
  crashed: 'crashed',
  killed: 'killed',
  timeout: 'timeout',
};

/** Why a run failed that an error of this code ended. */
export const reasonOfError = (code: ErrorCode): RunReason => REASONS[code] ?? 'exception';
