import { EXIT } from '../../contract/errors.js';
import { renderInspection } from '../../report/inspection.js';
import type { CliContext } from '../context.js';

/**
 * `runner doctor`: what was found where, and what is missing. Without a Docker daemon only docker mode is missing.
 * @returns 3 if no job could run
 */
export async function doctor({ io, output, services }: CliContext): Promise<number> {
  // One after the other: how long the engine takes to load is measured.
  const { ready, findings, document } = await services.inspect();
  const daemon = await services.inspectDaemon({ env: io.env });
  output.result({ ...(document as object), docker: daemon.document }, () =>
    renderInspection({ ready, findings: [...findings, ...daemon.findings] }),
  );
  return ready ? EXIT.succeeded : EXIT.environment;
}
