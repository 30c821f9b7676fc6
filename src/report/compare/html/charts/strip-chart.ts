import type { EChartsOption, SeriesOption } from 'echarts';
import type { Interval } from '../../statistics.js';
import { INK } from '../look.js';
import type { SideLook } from '../look.js';
import type { Markup } from '../markup.js';
import { axisLook, draw, TEXT } from './draw.js';

export interface Strip {
  readonly name: string;
  readonly look: SideLook;
  /** One a run, in the order of their start. */
  readonly values: readonly number[];
  readonly median: number;
  /** Of the median, in the figure's unit; null where there is none. */
  readonly interval: Pick<Interval, 'low' | 'high'> | null;
}

export interface StripChart {
  readonly id: string;
  readonly strips: readonly Strip[];
  /** Of the axis, by what it goes over. */
  readonly formatTicks: (span: number) => (value: number) => string;
}

const ROW = 46;
const MARGIN = { left: 96, right: 22, top: 6, bottom: 30 };
/** Of a row, for the dots. */
const SPREAD = 0.62;
const LONGEST_NAME = 13;

/**
 * Every run a dot, the oldest on top and the newest at the bottom of its row, so that a drift shows as a slope; the
 * median a stroke, its interval a bar.
 */
export function drawStrips({ id, strips, formatTicks }: StripChart): Markup {
  const values = strips.flatMap((strip) => [
    ...strip.values.filter((value) => Number.isFinite(value)),
    ...(strip.interval === null ? [] : [strip.interval.low, strip.interval.high]),
  ]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most - least || Math.abs(most) || 1) * 0.06;
  const option: EChartsOption = {
    grid: MARGIN,
    xAxis: {
      ...axisLook,
      type: 'value',
      min: least - room,
      max: most + room,
      splitNumber: 4,
      axisLabel: {
        ...axisLook.axisLabel,
        formatter: formatTicks(most - least),
        showMinLabel: false,
        showMaxLabel: false,
        hideOverlap: true,
      },
      axisLine: { show: false },
      axisTick: { show: false },
    },
    yAxis: [
      {
        ...axisLook,
        type: 'category',
        inverse: true,
        data: strips.map(({ name }) => shorten(name)),
        axisTick: { show: false },
        axisLabel: { color: INK, fontSize: TEXT, interval: 0 },
        splitLine: { show: false },
      },
      { type: 'value', inverse: true, min: 0, max: strips.length, show: false },
    ],
    series: strips.flatMap((strip, row) =>
      [intervalOf(strip, row), dotsOf(strip, row), medianOf(strip, row)].flat(),
    ),
  };
  return draw(option, { id, height: MARGIN.top + ROW * strips.length + MARGIN.bottom });
}

const common = { yAxisIndex: 1, silent: true, emphasis: { disabled: true } } as const;

const dotsOf = ({ look, values }: Strip, row: number): SeriesOption => ({
  ...common,
  type: 'scatter',
  symbol: look.symbol,
  symbolSize: 8,
  itemStyle: { color: look.colour, opacity: 0.75 },
  data: values.flatMap((value, index) =>
    Number.isFinite(value) ? [[value, row + 0.5 + SPREAD * ((index + 0.5) / values.length - 0.5)]] : [],
  ),
});

const medianOf = ({ median }: Strip, row: number): SeriesOption[] =>
  Number.isFinite(median)
    ? [
        {
          ...common,
          type: 'line',
          symbol: 'none',
          lineStyle: { color: INK, width: 2.5 },
          data: [
            [median, row + 0.14],
            [median, row + 0.86],
          ],
        },
      ]
    : [];

/** A wash from end to end, which alone would be too pale to see, between two strokes. */
const intervalOf = ({ look, interval }: Strip, row: number): SeriesOption[] => {
  if (interval === null) return [];
  const stroke = (ends: readonly (readonly [x: number, y: number])[], lineStyle: object): SeriesOption => ({
    ...common,
    type: 'line',
    symbol: 'none',
    lineStyle: { color: look.colour, ...lineStyle },
    data: ends.map(([x, y]) => [x, row + y]),
  });
  const { low, high } = interval;
  const wash = stroke(
    [
      [low, 0.5],
      [high, 0.5],
    ],
    { width: 20, opacity: 0.22, cap: 'butt' },
  );
  return [
    wash,
    ...[low, high].map((end) =>
      stroke(
        [
          [end, 0.28],
          [end, 0.72],
        ],
        { width: 2 },
      ),
    ),
  ];
};

const shorten = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
