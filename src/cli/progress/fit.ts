/** A part of a line, and how soon it is missed: of a line that is too long, the highest rank goes first. */
export interface Part {
  readonly text: string;
  readonly rank: number;
}

const SEPARATOR = '  ';

/** The parts in their order, without those that have no room in `width` columns. */
export function fit(parts: readonly Part[], width: number): string {
  const line = parts.map(({ text }) => text).join(SEPARATOR);
  if (line.length <= width) return line;
  if (parts.length <= 1) return line.slice(0, Math.max(0, width));
  const highest = Math.max(...parts.map(({ rank }) => rank));
  return fit(
    parts.filter(({ rank }) => rank !== highest),
    width,
  );
}
