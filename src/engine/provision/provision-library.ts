import { RunnerError } from '../../contract/errors.js';
import { TENSORFLOW_VERSION } from '../engine.js';
import { explicitLibrary } from '../find-engine.js';
import type { Provisioning } from './context.js';
import { useExplicitLibrary } from './explicit-library.js';
import type { Library } from './library.js';
import { provisionVendorLibrary } from './vendor-library.js';
import { provisionWheelLibrary } from './wheel-library.js';

/** Failures of one way after which another is tried. A wrong hash or a full disk is told at once instead. */
const TRY_NEXT: readonly string[] = ['platform-unsupported', 'python-missing', 'download-failed'];

/** Each way to a library, in the order in which they are tried. */
const FROM_INDEX = { from: 'from the Python index', provision: provisionWheelLibrary } as const;
const FROM_VENDOR = { from: 'from the vendor of tfjs-node', provision: provisionVendorLibrary } as const;
/** The vendor's library for GPUs is of CUDA 11. */
const WAYS = { cpu: [FROM_INDEX, FROM_VENDOR], gpu: [FROM_INDEX] } as const;

/**
 * The library to build over: the user's own, the wheel's, the vendor's.
 * @throws RunnerError of the first way that failed, whose message tells how each of them did
 */
export async function provisionLibrary(provisioning: Provisioning): Promise<Library> {
  const explicit = explicitLibrary(provisioning.env, provisioning.variant);
  if (explicit) return useExplicitLibrary(explicit);
  const failures: { from: string; error: RunnerError }[] = [];
  for (const { from, provision } of WAYS[provisioning.variant]) {
    const last = failures.at(-1);
    // Another TensorFlow than the usual one should not come unannounced.
    if (last)
      provisioning.onProgress({
        title: `Trying it ${from}. ${last.error.message.split('\n', 1)[0]}`,
        share: 1,
      });
    try {
      return await provision(provisioning);
    } catch (error) {
      if (!(error instanceof RunnerError) || !TRY_NEXT.includes(error.code)) throw error;
      failures.push({ from, error });
    }
  }
  const [first, ...others] = failures;
  if (first !== undefined && others.length === 0) throw first.error;
  throw allWaysFailed(failures);
}

function allWaysFailed(failures: readonly { from: string; error: RunnerError }[]): RunnerError {
  const [first] = failures;
  const list = failures.map(({ from, error }) => `- ${from}: ${error.message.replaceAll('\n', '\n  ')}`);
  return new RunnerError(
    first?.error.code ?? 'engine-missing',
    [`TensorFlow ${TENSORFLOW_VERSION} could not be had.`, ...list].join('\n'),
    {
      cause: new AggregateError(failures.map(({ error }) => error)),
      ...(first && { hint: first.error.hint }),
    },
  );
}
