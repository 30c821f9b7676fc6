import { EXIT } from '../../contract/errors.js';
import { renderInspection } from '../../report/inspection.js';
import { inspectAirflowStart } from '../airflow-start.js';
import type { CliContext } from '../context.js';

/**
 * `runner doctor`: what was found where, and what is missing. Without a Docker daemon only docker mode is missing, and
 * without a tracking server runs stay on this machine.
 * @returns 3 if no job could run
 */
export async function doctor({ io, output, services }: CliContext): Promise<number> {
  const { env } = io;
  // By itself: how long the engine takes to load is measured.
  const { ready, findings, document } = await services.inspect();
  const [daemon, tracking] = await Promise.all([
    services.inspectDaemon({ env }),
    services.inspectTracking({ env }),
  ]);
  const all = [...findings, ...daemon.findings, ...tracking.findings, ...inspectAirflowStart(env)];
  output.result({ ...(document as object), docker: daemon.document, ...tracking.document }, () =>
    renderInspection({ ready, findings: all }),
  );
  return ready ? EXIT.succeeded : EXIT.environment;
}
