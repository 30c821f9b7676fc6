/**
 * SVG and charts to PNG without a browser and without the machine's fonts, so that equal input gives equal bytes
 * everywhere. What is heavy is loaded on the first picture: a run that makes none pays nothing.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as ECharts from 'echarts';
import { COLORS, FONT_FAMILY } from './style.js';

/** CSS pixels of the drawing; the PNG has twice as many each way. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}
/** So that small text stays readable on dense screens and in print. */
const ZOOM = 2;

/** Draws an ECharts option as PNG. */
export async function renderChart(option: ECharts.EChartsOption, size: PictureSize): Promise<Buffer> {
  return renderSvg(drawChart(option, size));
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

function drawChart(option: ECharts.EChartsOption, size: PictureSize): string {
  // Its CommonJS bundle is one file; the ES modules are hundreds and take five times as long to load.
  const echarts = createRequire(import.meta.url)('echarts') as typeof ECharts;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: COLORS.paper,
      textStyle: { fontFamily: FONT_FAMILY, color: COLORS.ink },
      ...option,
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function fontFiles(): string[] {
  const manifest = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json');
  return ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) => join(dirname(manifest), 'ttf', file));
}
