import { EXIT } from '../../contract/errors.js';
import { renderInspection } from '../../report/inspection.js';
import { inspectAirflowStart } from '../airflow-start.js';
import { type CliContext, readSettings } from '../context.js';

/**
 * `runner doctor`: what was found where, and what is missing. Without a Docker daemon only docker mode is missing, and
 * without a tracking server runs stay on this machine.
 * @returns 3 if no job could run; with --gpu or --webgpu, if none could so on a GPU of this machine
 */
export async function doctor(
  context: CliContext,
  {
    gpu: withGpu = false,
    webgpu: withWebgpu = false,
  }: { readonly gpu?: boolean; readonly webgpu?: boolean } = {},
): Promise<number> {
  const { io, output, services } = context;
  const { env } = io;
  // As a run would have it; before the work, since it may be refused.
  const { webgpuAdapter } = withWebgpu ? await readSettings(context, {}, ['webgpuAdapter']) : {};
  const adapter = webgpuAdapter?.value ?? null;
  // By itself: how long the engine takes to load is measured.
  const inspected = await services.inspect();
  const gpu = withGpu ? await services.inspectGpu({ env }) : undefined;
  const webgpu = withWebgpu ? await services.inspectWebgpu({ env, adapter }) : undefined;
  // WebGPU takes neither TensorFlow nor what that is built with.
  const withTensorflow = withGpu || !withWebgpu;
  const ready = (inspected.ready || !withTensorflow) && gpu?.ready !== false && webgpu?.ready !== false;
  const [daemon, tracking] = await Promise.all([
    services.inspectDaemon({ env }),
    services.inspectTracking({ env }),
  ]);
  const all = [
    ...inspected.findings,
    ...(gpu?.findings ?? []),
    ...(webgpu?.findings ?? []),
    ...daemon.findings,
    ...tracking.findings,
    ...inspectAirflowStart(env),
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
