import type { z } from 'zod';

/** `hyperparameters.epochs: expected …; seed: …`: a schema's complaints in one line, with the path of each. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ');
}
