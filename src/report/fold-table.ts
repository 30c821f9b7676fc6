import { table } from './format.js';

const GAP = 2;

/**
 * A table of figures as blocks that are no wider than `width`: each has the first column, and as many of the others as
 * fit; one at least.
 * @param rows all of the same length, the header first
 */
export function foldTable(rows: readonly (readonly string[])[], width: number): string[] {
  const [header = []] = rows;
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const blocks: number[][] = [];
  let used = Infinity;
  for (const [column, needed] of widths.entries()) {
    if (column === 0) continue;
    if (used + GAP + needed > width) {
      blocks.push([0]);
      used = widths[0] ?? 0;
    }
    blocks.at(-1)?.push(column);
    used += GAP + needed;
  }
  return blocks.map((columns) =>
    table(
      rows.map((row) => columns.map((column) => row[column] ?? '')),
      { numeric: true, gap: GAP },
    ),
  );
}
