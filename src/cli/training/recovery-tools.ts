import type { RecoveryTools } from '../../orchestrator/recover.js';
import type { CliContext } from '../context.js';
import type { Daemon } from '../services.js';
import { leaveAtOnce } from './leave-at-once.js';

/** What it takes to go on with runs that other processes have left: one connection to a daemon for all of them. */
export function recoveryTools(
  context: CliContext,
  { note, signal }: { readonly note: (text: string) => void; readonly signal: AbortSignal },
): RecoveryTools {
  const { io, services, clock } = context;
  let connected: Promise<Daemon> | undefined;
  return {
    async createRuntime({ spec }) {
      const job = await services.findJob(spec.job);
      if (spec.kubernetes !== undefined) {
        const cluster = await services.connectCluster({ env: io.env, place: spec.kubernetes });
        return cluster.createRuntime({ job, onNotice: note });
      }
      connected ??= services.connectDaemon({ env: io.env, signal });
      const daemon = await connected;
      return daemon.createRuntime({ image: undefined, job, onNotice: note });
    },
    clock,
    onTakenOver: leaveAtOnce(context),
  };
}
