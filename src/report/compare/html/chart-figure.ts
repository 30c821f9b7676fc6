import { html } from './markup.js';
import type { Markup } from './markup.js';
import { table } from './table.js';
import type { Table } from './table.js';

export interface ChartFigure {
  readonly title: string;
  /** What the picture shows, in words. */
  readonly summary: string;
  readonly drawing: Markup;
  /** What it was drawn from. */
  readonly data: Omit<Table, 'caption'>;
  /** Of the data: what is left out. */
  readonly remark?: string;
}

/** A chart with what it says in words, for who does not see it, and its data to open. */
export const chartFigure = ({ title, summary, drawing, data, remark }: ChartFigure): Markup =>
  html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <div class="plot" role="img" aria-label="${title}: ${summary}">${drawing}</div>
    <details>
      <summary>Data<span class="unseen"> of ${title}</span></summary>
      ${remark === undefined ? null : html`<p class="aside">${remark}</p>`}${table({ ...data, caption: `Data of ${title}` })}
    </details>
  </figure> `;
