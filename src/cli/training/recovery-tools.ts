import { toRunnerError } from '../../common/errors.js';
import type { UsedImage } from '../../contract/run-outcome.js';
import type { RunSpec } from '../../contract/run-spec.js';
import type { RecoveryTools } from '../../orchestrator/recover.js';
import { processMeter } from '../../orchestrator/resources.js';
import type { CliContext } from '../context.js';
import type { Daemon } from '../services.js';

/** What it takes to go on with runs that other processes have left: one connection for all of them. */
export function recoveryTools(
  { io, services, clock }: CliContext,
  { note, signal }: { readonly note: (text: string) => void; readonly signal: AbortSignal },
): RecoveryTools {
  let connected: Promise<Daemon> | undefined;
  return {
    async createRuntime({ spec }) {
      const job = await services.findJob(spec.job);
      connected ??= services.connectDaemon({ env: io.env, signal });
      const daemon = await connected;
      return daemon.createRuntime({ image: await findImage(daemon, spec, signal), job, onNotice: note });
    },
    clock,
    meter: processMeter,
  };
}

/** The journal of a run names its image, unless its process died before it wrote one: then it is the spec's. */
async function findImage(
  daemon: Daemon,
  { container }: RunSpec,
  signal: AbortSignal,
): Promise<UsedImage | undefined> {
  if (container === undefined) return undefined;
  try {
    const { tag, id, bytes } = await daemon.findImage(container.image, { signal });
    return { tag, id, bytes };
  } catch (error) {
    if (toRunnerError(error).code === 'image-missing') return undefined;
    throw error;
  }
}
