/** Charts with a line a side, and the tables behind them. */
import { chartFigure } from '../chart-figure.js';
import type { Extent } from '../charts/nice-extent.js';
import { drawLines } from '../charts/line-chart.js';
import type { Point } from '../charts/line-chart.js';
import { lookOf } from '../look.js';
import type { Markup } from '../markup.js';
import type { SideCourse } from '../page-parts.js';
import { thinned } from '../table.js';
import type { Table } from '../table.js';

const MOST_ROWS = 40;

export interface LineFigure {
  readonly id: string;
  readonly title: string;
  readonly xName: string;
  /** Whether x counts something, and is the same on all sides. */
  readonly counted: boolean;
  readonly pointsOf: (course: SideCourse) => readonly Point[];
  readonly formatY: (value: number) => string;
  /** Points that a side has to have; without them there is nothing to draw. Default: 1. */
  readonly least?: number;
  readonly extent?: Extent | undefined;
}

/** Nothing where no side has points enough that can be drawn. */
export function lineFigure(
  { id, title, xName, counted, pointsOf, formatY, extent, least = 1 }: LineFigure,
  courses: readonly SideCourse[],
): Markup | undefined {
  const lines = courses.map((course) => ({
    name: course.side,
    look: lookOf(course.side),
    points: pointsOf(course),
  }));
  const drawn = lines.map(({ points }) => points.filter(([, y]) => Number.isFinite(y)).length);
  if (Math.max(0, ...drawn) < least) return undefined;
  const all = lines.flatMap(({ points }) => points);
  const data = counted ? sharedRows(lines, xName, formatY) : pairRows(lines, xName, formatY);
  const rows = thinned(data.rows, MOST_ROWS);
  return chartFigure({
    title,
    summary: lines.map((line) => describeLine(line, xName, formatY)).join('; '),
    drawing: drawLines({ id, lines, xName, whole: counted, extent, formatY }),
    data: { ...data, rows },
    ...(rows.length < data.rows.length
      ? { remark: `${rows.length} of ${data.rows.length} rows, of ${all.length} points.` }
      : {}),
  });
}

interface NamedLine {
  readonly name: string;
  readonly points: readonly Point[];
}

function describeLine(
  { name, points }: NamedLine,
  xName: string,
  formatY: (value: number) => string,
): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return `${name} nothing`;
  if (points.length === 1) return `${name} ${formatY(first[1])} at ${xName} ${formatX(first[0])}`;
  return `${name} from ${formatY(first[1])} to ${formatY(last[1])} over ${points.length} points, ${xName} ${formatX(first[0])} to ${formatX(last[0])}`;
}

type Format = (value: number) => string;

/** A row for each x, a column a side. */
function sharedRows(lines: readonly NamedLine[], xName: string, formatY: Format): Omit<Table, 'caption'> {
  const values = lines.map(({ points }) => new Map(points));
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  return {
    header: [xName, ...lines.map(({ name }) => name)],
    rows: xs.map((x) => [formatX(x), ...values.map((of) => formatOr(of.get(x), formatY))]),
  };
}

/** Sides have moments of their own: two columns each. */
function pairRows(lines: readonly NamedLine[], xName: string, formatY: Format): Omit<Table, 'caption'> {
  const longest = Math.max(...lines.map(({ points }) => points.length));
  return {
    header: ['point', ...lines.flatMap(({ name }) => [`${name}: ${xName}`, name])],
    rows: Array.from({ length: longest }, (_, index) => [
      index + 1,
      ...lines.flatMap(({ points }) => [
        formatOr(points[index]?.[0], formatX),
        formatOr(points[index]?.[1], formatY),
      ]),
    ]),
  };
}

const formatOr = (value: number | undefined, format: Format): string =>
  value === undefined ? '–' : Number.isFinite(value) ? format(value) : String(value);

const formatX = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));
