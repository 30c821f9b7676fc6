import { EXIT } from '../../contract/errors.js';
import { renderGarbage, type CollectedThing } from '../../report/garbage.js';
import { readSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
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
  /** Ends the sentence “There is nothing of runner's …”. */
  readonly place: string;
  readonly things: readonly CollectedThing[];
}

/** `runner gc`: removes what is ours on the Docker daemon, or on a cluster, and nobody's any more. */
export async function gc(context: CliContext, flags: GcFlags): Promise<number> {
  const { io, output, signals, clock } = context;
  const { dryRun = false } = flags;
  const cluster = await clusterOf(context, flags);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => undefined,
    onSecond: (status) => io.exit(status),
  });
  const options = { dryRun, signal: interruption.signal };
  const sweeps: Sweep[] = [];
  // Told place by place: what was removed is to be known whatever becomes of the next.
  const tell = (sweep: Sweep): void => {
    sweeps.push(sweep);
    if (sweep.things.length > 0) output.part(renderGarbage(sweep.things));
  };
  if (flags.mode !== 'kubernetes') tell(await sweepDaemon(context, options));
  if (cluster !== undefined) tell(await sweepCluster(context, { ...options, place: cluster }));
  const things = sweeps.flatMap((sweep) => sweep.things);
  const document = Object.assign({}, ...sweeps.map(({ where }) => where), { dryRun, things }) as object;
  output.result(document, () =>
    things.length === 0
      ? `There is nothing of runner's ${sweeps.map(({ place }) => place).join(', nor ')}.`
      : undefined,
  );
  return EXIT.succeeded;
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
  return { where: { daemon: daemon.address }, place: `on the Docker daemon at ${daemon.address}`, things };
}

async function sweepCluster({ services }: CliContext, options: SweepCluster): Promise<Sweep> {
  const { server, namespace, things } = await services.sweepCluster(options);
  const place = `in the namespace ${namespace} of the cluster at ${server}`;
  return { where: { cluster: { server, namespace } }, place, things };
}
