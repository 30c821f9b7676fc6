import type { EChartsOption, LineSeriesOption } from 'echarts';
import type { SideLook } from '../look.js';
import type { Markup } from '../markup.js';
import { axisLook, draw } from './draw.js';
import type { Extent } from './nice-extent.js';

export type Point = readonly [x: number, y: number];

export interface Line {
  readonly look: SideLook;
  /** By rising x; what is not finite leaves a gap. */
  readonly points: readonly Point[];
}

export interface LineChart {
  readonly id: string;
  readonly lines: readonly Line[];
  /** Of the horizontal axis. */
  readonly xName: string;
  /** Whether x counts something: no ticks between whole numbers. */
  readonly whole: boolean;
  /** What the vertical axis goes over; the lines' own range without. */
  readonly extent: Extent | undefined;
  readonly formatY: (value: number) => string;
}

const HEIGHT = 215;
const MARGIN = { left: 60, right: 16, top: 14, bottom: 42 };
/** More points than this stand so close that marks would hide the line. */
const MOST_MARKS = 30;
/** The first is the widest and lies undermost, so that lines which are the same are all seen. */
const WIDTHS = [6, 3, 2, 1.6];

/**
 * Lines over one another. Where there are more points than pixels ECharts draws those that keep its shape: largest
 * triangle, three buckets (S. Steinarsson, Downsampling Time Series for Visual Representation, 2013).
 */
export function drawLines({ id, lines, xName, whole, extent, formatY }: LineChart): Markup {
  const series = lines.map(({ look, points }, index): LineSeriesOption => {
    const width = lines.length === 1 ? 2 : (WIDTHS[index] ?? WIDTHS.at(-1) ?? 2);
    return {
      type: 'line',
      data: points.map(([x, y]) => [x, Number.isFinite(y) ? y : null]),
      sampling: 'lttb',
      silent: true,
      showSymbol: points.length <= MOST_MARKS,
      symbol: look.symbol,
      symbolSize: 6 + width,
      color: look.colour,
      lineStyle: { width, type: look.dash.length === 0 ? 'solid' : [...look.dash] },
      emphasis: { disabled: true },
    };
  });
  const option: EChartsOption = {
    grid: MARGIN,
    xAxis: {
      ...axisLook,
      type: 'value',
      scale: true,
      name: xName,
      nameLocation: 'middle',
      nameGap: 28,
      splitLine: { show: false },
      ...(whole ? { minInterval: 1 } : {}),
      ...edgesOf(lines),
    },
    yAxis: {
      ...axisLook,
      type: 'value',
      scale: true,
      ...(extent === undefined ? {} : { min: extent.low, max: extent.high, interval: extent.step }),
      axisLabel: { ...axisLook.axisLabel, formatter: formatY },
    },
    series,
  };
  return draw(option, { id, height: HEIGHT });
}

/** A single point would stand on an edge of its own axis. */
function edgesOf(lines: readonly Line[]): { readonly min?: number; readonly max?: number } {
  const ends = lines.flatMap(({ points }) => [points[0]?.[0], points.at(-1)?.[0]]);
  const [only, ...others] = [...new Set(ends.filter((x) => x !== undefined))];
  return only !== undefined && others.length === 0 ? { min: only - 1, max: only + 1 } : {};
}
