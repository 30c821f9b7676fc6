import type { ErrorCode } from '../../contract/errors.js';
import { TrackingFailure } from '../mlflow/failure.js';

const AS_STORE: Partial<Record<ErrorCode, ErrorCode>> = {
  'tracking-unreachable': 'artifact-store-unreachable',
  'tracking-forbidden': 'artifact-store-forbidden',
};

/** What failed with the tracking server, as what it means for artifacts: the run itself may be recorded. */
export function asStoreFailure(error: unknown): unknown {
  if (!(error instanceof TrackingFailure)) return error;
  const code = AS_STORE[error.code];
  if (code === undefined) return error;
  const { message, clarity, status, serverCode, retryAfterMs, cause, hint } = error;
  return new TrackingFailure(code, message, {
    ...{ clarity, status, serverCode, retryAfterMs, cause },
    // One of its own says more than that of any code.
    ...(error.hasOwnHint ? { hint } : {}),
  });
}
