import type { EChartsOption, LineSeriesOption } from 'echarts';
import { renderChart } from './render.js';
import { COLORS, TEXT } from './style.js';

/** One epoch's figures; NaN and infinities leave a gap in the line. */
export interface EpochPoint {
  /** 1 for the first. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
}

export interface TrainCurve {
  readonly title: string;
  /** In order; at least one. */
  readonly epochs: readonly EpochPoint[];
  /** Epoch whose weights were kept, marked in both panels; null marks none. */
  readonly bestEpoch: number | null;
}

/** CSS pixels. Right of each panel is room for half the label of a best epoch that is the last one. */
const SIZE = { width: 1040, height: 458 };
const PANEL = { top: 114, bottom: 64, width: 400 };
const PANEL_LEFT = { loss: 80, accuracy: 580 };
/** More points than this stand so close that markers would hide the line. */
const MOST_MARKERS = 40;
const MOST_LABELS = 16;

/** Loss and accuracy by epoch, of training and validation, side by side. 2080 × 916 pixels. */
export function plotTrainCurve(curve: TrainCurve): Promise<Buffer> {
  return renderChart(trainCurveOption(curve), SIZE);
}

function trainCurveOption({ title, epochs, bestEpoch }: TrainCurve): EChartsOption {
  const line = (
    panel: number,
    name: string,
    valueOf: (point: EpochPoint) => number,
    look: { color: string; symbol: string; type: 'solid' | 'dashed' },
  ): LineSeriesOption => ({
    type: 'line',
    name,
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: epochs.map((point) => (Number.isFinite(valueOf(point)) ? valueOf(point) : null)),
    showSymbol: epochs.length <= MOST_MARKERS,
    symbol: look.symbol,
    symbolSize: 7,
    color: look.color,
    lineStyle: { width: 2, type: look.type },
  });
  const training = { color: COLORS.blue, symbol: 'circle', type: 'solid' } as const;
  const validation = { color: COLORS.vermilion, symbol: 'diamond', type: 'dashed' } as const;
  const best = epochs.findIndex(({ epoch }) => epoch === bestEpoch);
  const marked = (series: LineSeriesOption) => withBest(series, best, bestEpoch);
  const step = labelStep(epochs.length);
  const isLabelled = (index: number) => (epochs[index]?.epoch ?? 0) % step === 0;

  return {
    title: [
      { text: title, left: 'center', top: 12, textStyle: { fontSize: TEXT.title, color: COLORS.ink } },
      panelTitle('Loss', PANEL_LEFT.loss),
      panelTitle('Accuracy', PANEL_LEFT.accuracy),
    ],
    legend: {
      top: 44,
      left: 'center',
      itemGap: 28,
      itemWidth: 36,
      textStyle: { fontSize: TEXT.label, color: COLORS.ink },
      data: ['training', 'validation'],
    },
    grid: [
      { ...PANEL, left: PANEL_LEFT.loss },
      { ...PANEL, left: PANEL_LEFT.accuracy },
    ],
    xAxis: [0, 1].map((gridIndex) => ({
      type: 'category',
      gridIndex,
      data: epochs.map(({ epoch }) => String(epoch)),
      name: 'epoch',
      ...axisLook,
      axisTick: { alignWithLabel: true, interval: isLabelled },
      axisLabel: { ...axisLook.axisLabel, interval: isLabelled },
      nameGap: 30,
    })),
    yAxis: [
      {
        type: 'value',
        gridIndex: 0,
        name: 'mean loss',
        ...axisLook,
        nameGap: 50,
        min: 0,
        axisLabel: { ...axisLook.axisLabel, formatter: formatLoss },
      },
      {
        type: 'value',
        gridIndex: 1,
        name: 'accuracy',
        ...axisLook,
        nameGap: 56,
        scale: true,
        max: 1,
        axisLabel: { ...axisLook.axisLabel, formatter: (value: number) => `${+(value * 100).toFixed(2)} %` },
      },
    ],
    series: [
      marked(line(0, 'training', (point) => point.loss, training)),
      line(0, 'validation', (point) => point.valLoss, validation),
      marked(line(1, 'training', (point) => point.accuracy, training)),
      line(1, 'validation', (point) => point.valAccuracy, validation),
    ],
  };
}

const panelTitle = (text: string, left: number) => ({
  text,
  left,
  top: 68,
  padding: 0,
  textStyle: { fontSize: TEXT.label, color: COLORS.ink },
});

const axisLook = {
  nameLocation: 'middle',
  nameTextStyle: { fontSize: TEXT.label, color: COLORS.ink },
  axisLabel: { fontSize: TEXT.small, color: COLORS.muted },
  axisLine: { show: true, lineStyle: { color: COLORS.muted } },
  splitLine: { lineStyle: { color: COLORS.grid } },
} as const;

/** 1, 2, 5, 10, 20, …: the smallest that leaves room for each label. */
function labelStep(epochs: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(epochs / MOST_LABELS)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => epochs <= step * MOST_LABELS) ?? epochs;
}

/** A loss that explodes must not push the numbers off the picture. */
const formatLoss = (value: number): string =>
  value >= 10_000 ? value.toExponential().replace('e+', 'e') : String(+value.toPrecision(6));

function withBest(series: LineSeriesOption, index: number, epoch: number | null): LineSeriesOption {
  if (index === -1 || epoch === null) return series;
  return {
    ...series,
    markLine: {
      silent: true,
      z: 1,
      symbol: 'none',
      lineStyle: { color: COLORS.muted, type: 'dotted', width: 1.5 },
      label: { formatter: `best: epoch ${epoch}`, distance: 12, fontSize: TEXT.small, color: COLORS.muted },
      data: [{ xAxis: index }],
    },
  };
}
