import { EXIT } from '../../contract/errors.js';
import { renderInspection } from '../../report/inspection.js';
import type { CliContext } from '../context.js';

/** `runner doctor`: what was found where, and what is missing. @returns 3 if no job could run */
export async function doctor({ output, services }: CliContext): Promise<number> {
  const inspection = await services.inspect();
  output.result(inspection.document, () => renderInspection(inspection));
  return inspection.ready ? EXIT.succeeded : EXIT.environment;
}
