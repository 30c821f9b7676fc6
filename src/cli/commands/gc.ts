import { toRunnerError } from '../../common/errors.js';
import { EXIT } from '../../contract/errors.js';
import type { RunnerError } from '../../contract/errors.js';
import type { Garbage } from '../../contract/garbage.js';
import { renderGarbage } from '../../report/garbage.js';
import { readSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { describeFailure } from '../output.js';
import type { SweepCluster } from '../services.js';
import { listenForSignals } from '../signals.js';

export interface GcFlags extends Flags {
  readonly dryRun?: boolean;
  /** Look there alone. */
  readonly mode?: 'docker' | 'kubernetes';
}

interface Sweep {
  /** Where, for --json. */
  readonly where: object;
  /** Says that there is nothing. */
  readonly nothing: string;
  readonly things: readonly Garbage[];
}

/**
 * `runner gc`: removes what is ours on the Docker daemon, or on a cluster, and nobody's any more. A place that cannot be
 * asked does not keep the other from being cleared.
 */
export async function gc(context: CliContext, flags: GcFlags): Promise<number> {
  const { io, output, signals, clock } = context;
  const { dryRun = false } = flags;
  const cluster = await clusterOf(context, flags);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => undefined,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const options = { dryRun, signal };
  const places: [mode: GcFlags['mode'], sweep: () => Promise<Sweep>][] = [];
  if (flags.mode !== 'kubernetes') places.push(['docker', () => sweepDaemon(context, options)]);
  if (cluster !== undefined) {
    places.push(['kubernetes', () => sweepCluster(context, { ...options, place: cluster })]);
  }
  const sweeps: Sweep[] = [];
  const failures: { readonly mode: GcFlags['mode']; readonly error: RunnerError }[] = [];
  for (const [mode, sweep] of places) {
    try {
      const swept = await sweep();
      sweeps.push(swept);
      // Told place by place: what was removed is to be known whatever becomes of the next.
      if (swept.things.length > 0) output.part(renderGarbage(swept.things));
    } catch (thrown) {
      signal.throwIfAborted();
      if (places.length === 1) throw thrown;
      failures.push({ mode, error: toRunnerError(thrown) });
    }
  }
  const things = sweeps.flatMap((sweep) => sweep.things);
  const failed = failures.map(({ mode, error }) => ({ mode, error: describeFailure(error) }));
  const document = {
    ...(Object.assign({}, ...sweeps.map(({ where }) => where)) as object),
    ...{ dryRun, things, ...(failed.length > 0 && { failed }) },
  };
  output.result(document, () =>
    things.length === 0 && sweeps.length > 0 ? sweeps.map(({ nothing }) => nothing).join('\n') : undefined,
  );
  for (const { error } of failures) output.explain(error);
  return failures[0]?.error.exitCode ?? EXIT.succeeded;
}

/** @returns undefined where nobody speaks of a cluster: then none is asked, and its client is not loaded */
async function clusterOf(context: CliContext, flags: GcFlags): Promise<SweepCluster['place'] | undefined> {
  if (flags.mode === 'docker') return undefined;
  const { namespace, kubeContext } = await readSettings(context, flags, ['namespace', 'kubeContext']);
  if (flags.mode === undefined && namespace === undefined && kubeContext === undefined) return undefined;
  return {
    ...(kubeContext?.value ? { context: kubeContext.value } : {}),
    ...(namespace?.value ? { namespace: namespace.value } : {}),
  };
}

type SweepOptions = Omit<SweepCluster, 'place'>;

async function sweepDaemon({ io, services }: CliContext, options: SweepOptions): Promise<Sweep> {
  const daemon = await services.connectDaemon({ env: io.env, signal: options.signal });
  const things = await daemon.collectGarbage(options);
  const nothing = `There is no container and no volume of runner's on the Docker daemon at ${daemon.address}; images are for \`runner image rm\`.`;
  return { where: { daemon: daemon.address }, nothing, things };
}

async function sweepCluster({ services }: CliContext, options: SweepCluster): Promise<Sweep> {
  const { server, namespace, things } = await services.sweepCluster(options);
  const nothing = `There is nothing of runner's in the namespace ${namespace} of the cluster at ${server}.`;
  return { where: { cluster: { server, namespace } }, nothing, things };
}
