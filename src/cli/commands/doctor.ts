import { EXIT } from '../../contract/errors.js';
import { renderInspection } from '../../report/inspection.js';
import { inspectAirflowStart } from '../airflow-start.js';
import { type CliContext, type Flags, readSettings } from '../context.js';
import { isLive } from '../io.js';
import { liveSetup, silentSetup, type SetupReporter } from '../progress/setup.js';

export interface DoctorFlags extends Flags {
  readonly gpu?: boolean;
  readonly webgpu?: boolean;
  readonly quiet?: boolean;
}

/**
 * `runner doctor`: what was found where, and what is missing. Without a Docker daemon only docker mode is missing, and
 * without a tracking server runs stay on this machine.
 * @returns 3 if no job could run; with --gpu or --webgpu, if none could so on a GPU of this machine
 */
export async function doctor(context: CliContext, flags: DoctorFlags): Promise<number> {
  const { io, output } = context;
  const { gpu: withGpu = false, webgpu: withWebgpu = false, quiet = false } = flags;
  // As a run would have it; before the work, since it may be refused.
  const { webgpuAdapter } = withWebgpu ? await readSettings(context, {}, ['webgpuAdapter']) : {};
  const isWatched = isLive(io.stderr, io.env) && !output.json && !quiet;
  const progress = isWatched ? liveSetup(io.stderr, { wipe: true }) : silentSetup;
  const found = await look(context, flags, webgpuAdapter?.value ?? null, progress).finally(progress.finish);
  const { inspected, gpu, webgpu, daemon, tracking } = found;
  // WebGPU takes neither TensorFlow nor what that is built with.
  const withTensorflow = withGpu || !withWebgpu;
  const ready = (inspected.ready || !withTensorflow) && gpu?.ready !== false && webgpu?.ready !== false;
  const all = [
    ...inspected.findings,
    ...(gpu?.findings ?? []),
    ...(webgpu?.findings ?? []),
    ...daemon.findings,
    ...tracking.findings,
    ...inspectAirflowStart(io.env),
  ];
  const document = {
    ...(inspected.document as object),
    ...(gpu && { gpu: gpu.document }),
    ...(webgpu && { webgpu: webgpu.document }),
    ...{ docker: daemon.document, ...tracking.document },
  };
  output.result(document, () =>
    renderInspection({
      ...{ ready, findings: all, onGpu: withGpu || withWebgpu },
      daemon: daemon.document !== null,
    }),
  );
  return ready ? EXIT.succeeded : EXIT.environment;
}

async function look(
  { io: { env }, services }: CliContext,
  { gpu: withGpu = false, webgpu: withWebgpu = false }: DoctorFlags,
  adapter: string | null,
  { onSetup }: SetupReporter,
) {
  // One after the other: how long the engine takes to load is measured.
  onSetup({ title: 'Looking at Node, the compiler and the engine' });
  const inspected = await services.inspect();
  if (withGpu) onSetup({ title: 'Looking at the cards and their engine' });
  const gpu = withGpu ? await services.inspectGpu({ env }) : undefined;
  if (withWebgpu) onSetup({ title: 'Looking at Vulkan and the engine for WebGPU' });
  const webgpu = withWebgpu ? await services.inspectWebgpu({ env, adapter }) : undefined;
  onSetup({ title: 'Asking the Docker daemon and the tracking server' });
  const [daemon, tracking] = await Promise.all([
    services.inspectDaemon({ env }),
    services.inspectTracking({ env }),
  ]);
  return { inspected, gpu, webgpu, daemon, tracking };
}
