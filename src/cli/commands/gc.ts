import { EXIT } from '../../contract/errors.js';
import { renderGarbage } from '../../report/garbage.js';
import type { CliContext } from '../context.js';
import { listenForSignals } from '../signals.js';

/** `runner gc`: removes what is ours on the Docker daemon, and nobody's any more. */
export async function gc(
  { io, output, services, signals, clock }: CliContext,
  { dryRun = false }: { readonly dryRun?: boolean },
): Promise<number> {
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => undefined,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const daemon = await services.connectDaemon({ env: io.env, signal });
  const things = await daemon.collectGarbage({ dryRun, signal });
  output.result({ daemon: daemon.address, dryRun, things }, () =>
    things.length === 0
      ? `There is nothing of runner's on the Docker daemon at ${daemon.address}.`
      : renderGarbage(things),
  );
  return EXIT.succeeded;
}
