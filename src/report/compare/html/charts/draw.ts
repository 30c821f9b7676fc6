import type { EChartsOption } from 'echarts';
import { drawSvgChart } from '../../../../common/svg-chart.js';
import { INK, MUTED, RULE } from '../look.js';
import { trusted } from '../markup.js';
import type { Markup } from '../markup.js';

/** CSS pixels: about as wide as a phone, so that text keeps its size there; on a desktop two stand side by side. */
export const CHART_WIDTH = 390;

export const TEXT = 12;

export interface Drawing {
  /** In the page. */
  readonly id: string;
  /** CSS pixels. */
  readonly height: number;
}

/** Drawn as SVG for the page: it brings neither colours of its own nor fonts, and grows with its place. */
export function draw(option: EChartsOption, { id, height }: Drawing): Markup {
  const svg = drawSvgChart(
    { textStyle: { fontFamily: 'inherit', color: INK, fontSize: TEXT }, ...option },
    { width: CHART_WIDTH, height },
  );
  return trusted(
    svg
      // For a script that would bring it to life, and for the pointer that hovers over it.
      .replaceAll(/<style ><!\[CDATA\[.*?<\/style>|(?: class="zr\d+-cls-\d+"| pointer-events="\w+")/gs, '')
      .replaceAll(/ ecmeta_\w+="[^"]*"/g, '')
      .replaceAll(/ xmlns(:\w+)?="[^"]*"| xml:space="preserve"| version="1.1"| baseProfile="full"/g, '')
      // Clip paths are named by how many charts this process has drawn; a page has many, the same each time.
      .replaceAll(/\bzr\d+-/g, `${id}-`)
      .replaceAll(/\n+/g, '\n'),
  );
}

export const axisLook = {
  axisLabel: { color: MUTED, fontSize: TEXT },
  nameTextStyle: { color: MUTED, fontSize: TEXT },
  axisLine: { show: true, lineStyle: { color: MUTED, width: 1 } },
  axisTick: { lineStyle: { color: MUTED } },
  splitLine: { lineStyle: { color: RULE, width: 1 } },
} as const;
