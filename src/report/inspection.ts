import { table } from './format.js';

export interface InspectedPart {
  readonly name: string;
  readonly value: string;
  /** What to do about it; absent where all is well. */
  readonly remedy?: string;
}

/** The end of `runner doctor`: what was found, under each thing that is amiss what to do about it, and what can run. */
export function renderInspection({
  ready,
  findings,
  daemon,
  onGpu = false,
}: {
  /** Whether a job could run outside of a container. */
  readonly ready: boolean;
  readonly findings: readonly InspectedPart[];
  /** Whether a Docker daemon answers. */
  readonly daemon: boolean;
  /** Whether it was asked for runs on a GPU of this machine. */
  readonly onGpu?: boolean;
}): string {
  const rows = findings.map(({ name, value, remedy }) => [
    name,
    remedy === undefined ? value : `${value}\n    → ${remedy}`,
  ]);
  const where = onGpu ? 'on a GPU of this machine' : 'here';
  const answer = ready
    ? `A job can run ${where} ${describeModes(daemon, onGpu)}.`
    : `No job can run ${where} yet.`;
  return `${table(rows)}\n\n${answer}`;
}

function describeModes(daemon: boolean, onGpu: boolean): string {
  if (!daemon) return 'with --mode inprocess or process, not with docker: no Docker daemon answers';
  // Whether a daemon has the card only a container can tell, and none has Vulkan.
  return onGpu ? 'with --mode inprocess or process' : 'with --mode inprocess, process or docker';
}
