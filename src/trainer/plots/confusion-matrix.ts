import type { EChartsOption } from 'echarts';
import type { ConfusionMatrix } from '../classification-report.js';
import { renderChart } from './render.js';
import { blend, COLORS, percent, TEXT, thousands } from './style.js';

export interface ConfusionMatrixPlot {
  readonly title: string;
  readonly matrix: ConfusionMatrix;
  /** As many as the matrix has rows. */
  readonly classNames: readonly string[];
}

/** CSS pixels. */
const MARGIN = { left: 96, top: 84, right: 32, bottom: 84 };
const LARGEST_GRID = 600;
/** Below this side length a count would not fit its cell. */
const LEAST_LABELLED_CELL = 22;

/**
 * Heat map of counts, true classes down and predicted ones across. Right and wrong have a scale each — blue by the
 * share of the class, orange by the root of the count against the most frequent confusion — since on a common scale
 * the errors of a good model are all white.
 */
export function plotConfusionMatrix(plot: ConfusionMatrixPlot): Promise<Buffer> {
  const longest = Math.max(...plot.classNames.map((name) => name.length));
  const room = Math.max(0, Math.min(longest, 16) - 4) * 7;
  const margin = { ...MARGIN, left: MARGIN.left + room, bottom: MARGIN.bottom + room };
  const option = confusionMatrixOption(plot, margin, longest > 4);
  return renderChart(option, {
    width: margin.left + LARGEST_GRID + margin.right,
    height: margin.top + LARGEST_GRID + margin.bottom,
  });
}

function confusionMatrixOption(
  { title, matrix, classNames }: ConfusionMatrixPlot,
  margin: typeof MARGIN,
  rotateNames: boolean,
): EChartsOption {
  const cells = matrix.flatMap((row, actual) =>
    row.map((count, predicted) => ({ actual, predicted, count, row })),
  );
  const total = sum(cells.map(({ count }) => count));
  const wrong = cells.filter(({ actual, predicted }) => actual !== predicted);
  const errors = sum(wrong.map(({ count }) => count));
  const mostConfused = wrong.reduce((most, { count }) => Math.max(most, count), 1);
  const cellSide = LARGEST_GRID / classNames.length;

  const axis = {
    type: 'category' as const,
    data: [...classNames],
    nameLocation: 'middle' as const,
    nameTextStyle: { fontSize: TEXT.label + 1, color: COLORS.ink },
    axisTick: { show: false },
    axisLine: { show: false },
  };
  const axisLabel = { fontSize: TEXT.label, color: COLORS.ink, width: 120, overflow: 'truncate' as const };

  return {
    title: {
      text: `${title}: accuracy ${percent(total === 0 ? 0 : 1 - errors / total)}`,
      subtext:
        `${thousands(errors)} of ${thousands(total)} wrong. ` +
        'Blue: right, darker with the share of the class; orange: wrong, darker with the count.',
      left: 'center',
      top: 14,
      textStyle: { fontSize: TEXT.title, color: COLORS.ink },
      subtextStyle: { fontSize: TEXT.subtitle, color: COLORS.muted },
    },
    grid: margin,
    xAxis: {
      ...axis,
      name: 'predicted',
      nameGap: margin.bottom - MARGIN.bottom + 38,
      axisLabel: { ...axisLabel, interval: 'auto', rotate: rotateNames ? 45 : 0 },
    },
    yAxis: {
      ...axis,
      name: 'true',
      inverse: true,
      nameGap: margin.left - MARGIN.left + 42,
      axisLabel: { ...axisLabel, interval: 'auto' },
    },
    // A heat map insists on one; this maps nothing that can be seen, the cells bring their colours.
    visualMap: { show: false, min: 0, max: Math.max(1, total), inRange: { opacity: 1 } },
    series: {
      type: 'heatmap',
      data: cells.map(({ actual, predicted, count, row }) => {
        const right = actual === predicted;
        const share = right ? count / Math.max(1, sum(row)) : Math.sqrt(count / mostConfused);
        return {
          value: [predicted, actual, count],
          itemStyle: { color: cellColor(right, count, share) },
          label: { color: count === 0 ? '#BBBBBB' : right && share > 0.5 ? COLORS.paper : COLORS.ink },
        };
      }),
      itemStyle: { borderColor: COLORS.grid, borderWidth: 1 },
      label: {
        show: cellSide >= LEAST_LABELLED_CELL,
        fontSize: Math.min(15, Math.max(8, cellSide / 3.4)),
        formatter: ({ value }: { value: unknown }) => String((value as number[])[2]),
      },
    },
  };
}

function cellColor(right: boolean, count: number, share: number): string {
  if (count === 0) return COLORS.paper;
  // From a tint that is still told from white, for a single error among thousands.
  return blend(COLORS.paper, right ? COLORS.blue : COLORS.vermilion, 0.12 + (right ? 0.88 : 0.63) * share);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
