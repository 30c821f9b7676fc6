import { table } from './format.js';

export interface InspectedPart {
  readonly name: string;
  readonly value: string;
  /** What to do about it; absent where all is well. */
  readonly remedy?: string;
}

/** The end of `runner doctor`: what was found, and under each thing that is amiss what to do about it. */
export function renderInspection({
  ready,
  findings,
}: {
  readonly ready: boolean;
  readonly findings: readonly InspectedPart[];
}): string {
  const rows = findings.map(({ name, value, remedy }) => [
    name,
    remedy === undefined ? value : `${value}\n    → ${remedy}`,
  ]);
  return `${table(rows)}\n\n${ready ? 'A job can run here.' : 'No job can run here yet.'}`;
}
