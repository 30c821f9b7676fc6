import { FIGURE_NAMES, figure } from '../../figures.js';
import type { FigureDefinition, FigureName } from '../../figures.js';
import { labelOf } from '../../quantities.js';
import type { Report } from '../../report.js';
import { contrastRows } from '../../rows.js';
import { html } from '../markup.js';
import type { Content, Markup } from '../markup.js';
import { table } from '../table.js';
import type { TableRow } from '../table.js';

const GROUPS: Readonly<Record<FigureDefinition['group'], string>> = {
  time: 'Time',
  resources: 'Resources',
  quality: 'Quality',
};

/**
 * Every figure with its change, its ratio and whether that is more than noise; a table a side.
 * @param quality of all runs, where it is the same: the answer has told it
 */
export function figuresSection(report: Report, quality: string | undefined): Markup {
  const chosen = FIGURE_NAMES.filter((name) => quality === undefined || figure(name).group !== 'quality');
  const tables = report.contrasts.map((contrast) => {
    const { header, names, rows, marks } = contrastRows(report, contrast, chosen);
    const body = rows.flatMap((row, index): TableRow[] => {
      const [name, before] = [names[index], names[index - 1]];
      if (name === undefined) return [];
      const { group } = figure(name);
      const heading = before === undefined || figure(before).group !== group ? [[GROUPS[group]]] : [];
      const [label, ...cells] = row;
      const last = cells.at(-1);
      const mark = marks[index];
      const marked: readonly Content[] =
        mark === undefined
          ? cells
          : [...cells.slice(0, -1), html`<span class="${mark}">${last}, ${mark}</span>`];
      return [...heading, [label, ...marked]];
    });
    const caption = `${contrast.side} against ${contrast.against}`;
    return html`<h3>${caption}</h3>
      ${table({ caption, header: header.map(sentenceCase), rows: body })} `;
  });
  return html`<section id="figures" aria-labelledby="figures-title">
    <h2 id="figures-title">Figures</h2>
    <p class="aside">
      Medians over the runs of a side. The change is the side less the baseline, in the unit of the row (of
      shares, percentage points); the ratio is the side over the baseline. “More” is more than noise: the
      interval leaves 1 out.
    </p>
    ${tables}${glossary(chosen.filter((name) => report.sides.some(({ figures }) => figures[name])))}
  </section>`;
}

/** What each figure is, for eyes, keyboard and touch alike: a hint at the pointer would be for mice only. */
function glossary(names: readonly FigureName[]): Markup {
  const terms = names.map(
    (name) =>
      html`<div>
        <dt>${labelOf(name)}</dt>
        <dd>${figure(name).meaning}</dd>
      </div> `,
  );
  return html`<details>
    <summary>What each figure is</summary>
    <dl class="terms">${terms}</dl>
  </details>`;
}

/** The terminal's capitals, as a page has them; names of sides stay as they are. */
const sentenceCase = (heading: string): string =>
  heading === heading.toUpperCase() && heading !== heading.toLowerCase()
    ? heading.charAt(0) + heading.slice(1).toLowerCase()
    : heading;
