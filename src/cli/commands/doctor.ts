import { EXIT } from '../../contract/errors.js';
import { table } from '../../report/format.js';
import type { CliContext } from '../context.js';
import type { Inspection } from '../services.js';
import { setupBar } from '../setup-bar.js';

/** `runner doctor`: what was found where, and what is missing. @returns 3 if no job could run */
export async function doctor({ output, services }: CliContext): Promise<number> {
  const inspection = await services.inspect();
  output.result(inspection.document, () => renderInspection(inspection));
  return inspection.ready ? EXIT.succeeded : EXIT.environment;
}

/** `runner engine provision` */
export async function provisionEngine(
  { io, output, services }: CliContext,
  { force }: { force: boolean },
): Promise<number> {
  const { name, version } = await services.prepareEngine({ force, onProgress: setupBar(io.stderr) });
  output.result({ name, version }, () => `The engine is ready: ${name} ${version}.`);
  return EXIT.succeeded;
}

function renderInspection({ ready, findings }: Inspection): string {
  const rows = findings.map(({ name, value, remedy }) => [
    name,
    remedy === undefined ? value : `${value}\n    → ${remedy}`,
  ]);
  return `${table(rows)}\n\n${ready ? 'A job can run here.' : 'No job can run here yet.'}`;
}
