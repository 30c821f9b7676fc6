import { createRequire } from 'node:module';
import type * as ECharts from 'echarts';

/** CSS pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** Draws an ECharts option as an SVG document, without a browser. ECharts is loaded on the first one. */
export function drawSvgChart(option: ECharts.EChartsOption, size: ChartSize): string {
  // Its CommonJS bundle is one file; the ES modules are hundreds and take five times as long to load.
  const echarts = createRequire(import.meta.url)('echarts') as typeof ECharts;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({ animation: false, ...option });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
