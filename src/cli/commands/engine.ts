import { EXIT } from '../../contract/errors.js';
import type { CliContext } from '../context.js';
import { setupReporter } from '../progress/setup.js';
import { listenForSignals, unlessAborted } from '../signals.js';

/** `runner engine provision`: finds the engine, or builds it. */
export async function provisionEngine(
  { io, output, services, signals, clock }: CliContext,
  {
    force = false,
    gpu = false,
    webgpu = false,
  }: { readonly force?: boolean; readonly gpu?: boolean; readonly webgpu?: boolean },
): Promise<number> {
  const { onSetup, finish } = setupReporter(io.stderr, io.env);
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: finish,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  const { name, version } = await unlessAborted(signal, () =>
    services.prepareEngine({
      ...{ force, onProgress: onSetup, signal },
      ...(gpu && { variant: 'gpu' as const }),
      ...(webgpu && { variant: 'webgpu' as const }),
    }),
  ).finally(finish);
  output.result({ name, version }, () => `The engine is ready: ${name} ${version}.`);
  return EXIT.succeeded;
}
