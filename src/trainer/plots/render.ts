/**
 * SVG and charts to PNG without a browser and without the machine's fonts, so that equal input gives equal bytes
 * everywhere. What is heavy is loaded on the first picture: a run that makes none pays nothing.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EChartsOption } from 'echarts';
import { drawSvgChart } from '../../common/svg-chart.js';
import type { ChartSize } from '../../common/svg-chart.js';
import { COLORS, FONT_FAMILY } from './style.js';

/** The PNG has twice as many pixels each way, so that small text stays readable on dense screens and in print. */
const ZOOM = 2;

/** Draws an ECharts option as PNG. */
export async function renderChart(option: EChartsOption, size: ChartSize): Promise<Buffer> {
  const textStyle = { fontFamily: FONT_FAMILY, color: COLORS.ink };
  return renderSvg(drawSvgChart({ backgroundColor: COLORS.paper, textStyle, ...option }, size));
}

/** Draws an SVG document as PNG; the text's font family has to be FONT_FAMILY. */
export async function renderSvg(svg: string): Promise<Buffer> {
  const { renderAsync } = await import('@resvg/resvg-js');
  const image = await renderAsync(svg, {
    background: COLORS.paper,
    fitTo: { mode: 'zoom', value: ZOOM },
    font: { loadSystemFonts: false, fontFiles: fontFiles(), defaultFontFamily: FONT_FAMILY },
  });
  return image.asPng();
}

function fontFiles(): string[] {
  const manifest = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json');
  return ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) => join(dirname(manifest), 'ttf', file));
}
