import { formatTime } from '../../../format.js';
import { formatFigure, labelOf } from '../../quantities.js';
import type { Report } from '../../report.js';
import { count } from '../../title.js';
import { html } from '../markup.js';
import type { Content, Markup } from '../markup.js';
import { table, thinned } from '../table.js';

/** Of a side. */
const MOST_RUNS = 100;
const SHOWN = ['imagesPerSecond', 'wallSeconds', 'peakMemoryBytes'] as const;

export function runsSection({ sides }: Report): Markup {
  // One machine alone stands above the page.
  const machines = new Set(sides.flatMap(({ runs }) => runs.map(({ host }) => host))).size > 1;
  const listed = sides.map((side) => ({ ...side, some: thinned(side.runs, MOST_RUNS) }));
  const rows = listed.flatMap(({ name, some }) =>
    some.map(({ runId, status, startedAt, host, figures }): Content[] => [
      html`<code>${runId}</code>`,
      ...[name, status],
      ...(machines ? [host ?? '–'] : []),
      formatTime(startedAt).replace(/ UTC$/, ''),
      ...SHOWN.map((figure) => formatFigure(figure, figures[figure])),
    ]),
  );
  const left = listed.filter(({ runs, some }) => some.length < runs.length);
  const header = [
    ...['Run', 'Side', 'Status'],
    ...(machines ? ['Machine'] : []),
    ...['Started, UTC', ...SHOWN.map(labelOf)],
  ];
  return html`<section id="runs" aria-labelledby="runs-title">
    <h2 id="runs-title">Runs</h2>
    ${left.map(({ name, runs, some }) => html`<p class="aside">${name}: ${some.length} of ${count(runs.length, 'run')}, evenly taken; <code>--format json</code> has all.</p> `)}${table({ caption: 'Runs', header, rows, words: header.length - SHOWN.length })}
  </section>`;
}

/** What to know before believing it. */
export const notesSection = (notes: readonly string[]): Markup =>
  html`<section id="notes" aria-labelledby="notes-title">
    <h2 id="notes-title">To know</h2>
    ${
      notes.length === 0
        ? html`<p>Nothing that speaks against these figures was found.</p>`
        : html`<ul class="notes">
            ${notes.map((note) => html`<li>${note}</li> `)}
          </ul>`
    }
  </section>`;
