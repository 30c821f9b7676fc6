import type { EChartsOption } from 'echarts';
import { INK, MUTED } from '../look.js';
import type { SideLook } from '../look.js';
import type { Markup } from '../markup.js';
import { axisLook, CHART_WIDTH, draw, TEXT } from './draw.js';

export interface Waterfall {
  readonly id: string;
  readonly look: SideLook;
  /** In the order they happened; undefined where there was no such phase. */
  readonly phases: readonly { readonly name: string; readonly seconds: number | undefined }[];
  /** What the scale goes over, training left out: the same on all sides, so that they can be held against each other. */
  readonly scaleSeconds: number;
  readonly formatSeconds: (seconds: number) => string;
}

const ROW = 21;
const MARGIN = { left: 108, right: 74, top: 4, bottom: 40 };
/** Of the scale, for a training of whatever length. */
const TRAINING = 0.06;
const LONGEST_NAME = 16;

/** Phases as bars one after the other, with their times; training is hatched and cut short, or nothing else were seen. */
export function drawWaterfallChart(waterfall: Waterfall): Markup {
  const { id, look, phases, scaleSeconds, formatSeconds } = waterfall;
  const scale = scaleSeconds > 0 ? scaleSeconds : 1;
  let at = 0;
  const bars = phases.map(({ name, seconds }) => {
    const length = seconds === undefined ? 0 : name === 'train' ? TRAINING * scale : seconds;
    const from = at;
    at += length;
    return { from, length, name, seconds };
  });
  const option: EChartsOption = {
    grid: MARGIN,
    xAxis: {
      ...axisLook,
      type: 'value',
      min: 0,
      max: (1 + TRAINING) * scale,
      name: 'seconds, training left out',
      nameLocation: 'middle',
      nameGap: 26,
      axisLabel: { ...axisLook.axisLabel, showMaxLabel: false, hideOverlap: true },
    },
    yAxis: {
      ...axisLook,
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => shorten(name)),
      axisTick: { show: false },
      axisLabel: { color: INK, fontSize: TEXT, interval: 0 },
    },
    series: [
      {
        type: 'bar',
        stack: 'phase',
        silent: true,
        data: bars.map(({ from }) => from),
        itemStyle: { color: 'none' },
      },
      {
        type: 'bar',
        stack: 'phase',
        silent: true,
        barWidth: 12,
        data: bars.map(({ length, name, seconds }) => ({
          // Whatever has taken time is seen.
          value:
            seconds === undefined ? 0 : Math.max(length, scale / (CHART_WIDTH - MARGIN.left - MARGIN.right)),
          itemStyle:
            name === 'train'
              ? { color: 'none', borderColor: look.colour, borderWidth: 1.5, borderType: [3, 2] }
              : { color: look.colour },
          label: {
            show: true,
            position: 'right',
            distance: 4,
            color: seconds === undefined ? MUTED : INK,
            fontSize: TEXT,
            formatter: () => (seconds === undefined ? '–' : formatSeconds(seconds)),
          },
        })),
      },
    ],
  };
  return draw(option, { id, height: MARGIN.top + ROW * phases.length + MARGIN.bottom });
}

const shorten = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
