import { formatCount, formatShare } from '../../../format.js';
import type { Report } from '../../report.js';
import { recallRows, sameClasses } from '../../rows.js';
import { html } from '../markup.js';
import type { Markup } from '../markup.js';
import type { SideMatrix } from '../page-parts.js';
import { table } from '../table.js';

/** A matrix of more classes has too many cells for a page. */
const MOST_CLASSES = 30;
/** Deepest shade: what stands on it stays readable. */
const DEEPEST = 0.4;

/** What is taken for what: a matrix a side, or one for sides whose matrices are the same. */
export function classesSection(report: Report, matrices: readonly SideMatrix[]): Markup {
  const groups = new Map<string, SideMatrix[]>();
  for (const matrix of matrices) {
    const key = JSON.stringify([matrix.classNames, matrix.matrix]);
    groups.set(key, [...(groups.get(key) ?? []), matrix]);
  }
  const content =
    matrices.length === 0
      ? html`<p>
          Not evaluated on the test images: <code>runner train --evaluate</code> and
          <code>runner evaluate</code> do.
        </p>`
      : html`<p class="aside">
            Of the newest evaluated run of each side. Rows are the true classes, columns the predicted ones.
            Cells on the diagonal are right, and the stronger the larger the share of the class; others are
            wrong, and the stronger the more.
          </p>
          ${sameClasses(report) ? null : classRows(report)}
          <div class="charts">${[...groups.values()].map(matrixFigure)}</div>`;
  return html`<section id="classes" aria-labelledby="classes-title">
    <h2 id="classes-title">Confusion matrices</h2>
    ${content}
  </section>`;
}

function classRows(report: Report): Markup {
  const [header = [], ...rows] = recallRows(report);
  return table({
    caption: 'Recall by class, newest run of each side',
    header: header.map((name, column) => (column === 0 ? 'Recall' : name)),
    rows,
  });
}

function matrixFigure(sides: readonly SideMatrix[]): Markup {
  const [first] = sides;
  if (first === undefined) return html``;
  const { classNames, matrix } = first;
  const names = sides.map(({ side }) => side).join(', ');
  const total = sum(matrix.flat());
  const right = sum(matrix.map((row, index) => row[index] ?? 0));
  const title = `${names}: ${formatCount(total - right)} of ${formatCount(total)} wrong, accuracy ${formatShare(total === 0 ? null : right / total)}`;
  return html`<figure class="chart">
    <figcaption>${title}${sides.length > 1 ? ' (the same on these sides)' : null}</figcaption>
    ${classNames.length > MOST_CLASSES ? html`<p>Of ${classNames.length} classes: artifacts/eval/confusion_matrix.png has it.</p>` : matrixTable(names, first)}
  </figure> `;
}

function matrixTable(names: string, { classNames, matrix }: SideMatrix): Markup {
  const wrong = matrix.flatMap((row, actual) => row.filter((_, predicted) => predicted !== actual));
  const mostConfused = wrong.reduce((most, count) => Math.max(most, count), 1);
  const rows = matrix.map((row, actual) => {
    const support = Math.max(1, sum(row));
    const cells = row.map((count, predicted) => {
      const hit = predicted === actual;
      const share = hit ? count / support : Math.sqrt(count / mostConfused);
      const shade = count === 0 ? 0 : 0.06 + (DEEPEST - 0.06) * share;
      return html`<td
        class="${hit ? 'hit' : count === 0 ? 'none' : 'miss'}"
        style="--shade:${shade.toFixed(3)}"
      >
        ${count}
      </td>`;
    });
    return html`<tr>
      <th scope="row">${classNames[actual]}</th>
      ${cells}
    </tr> `;
  });
  const heads = classNames.map((name) => html`<th scope="col">${name}</th>`);
  const caption = `Confusion matrix of ${names}`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
    <table class="matrix">
      <caption class="unseen">
        ${caption}: rows are the true classes, columns the predicted ones
      </caption>
      <thead>
        <tr>
          <td><span class="unseen">true class, down; predicted, across</span></td>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
