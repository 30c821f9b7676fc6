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
  onGpu = false,
}: {
  readonly ready: boolean;
  readonly findings: readonly InspectedPart[];
  /** Whether it was asked for runs on a GPU of this machine. */
  readonly onGpu?: boolean;
}): string {
  const rows = findings.map(({ name, value, remedy }) => [
    name,
    remedy === undefined ? value : `${value}\n    → ${remedy}`,
  ]);
  const where = onGpu ? 'on a GPU of this machine' : 'here';
  return `${table(rows)}\n\n${ready ? `A job can run ${where}.` : `No job can run ${where} yet.`}`;
}
