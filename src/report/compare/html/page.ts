/** The report as one HTML file that asks for nothing else: no script, no font, no picture that it has not in itself. */
import { formatTime } from '../../format.js';
import { SIDE_NAMES } from '../choose-sides.js';
import type { Report } from '../report.js';
import { sameQuality } from '../rows.js';
import { shownPart } from '../shown-part.js';
import { html, trusted } from './markup.js';
import type { Markup } from './markup.js';
import type { ReportPage } from './page-parts.js';
import { answerSection } from './sections/answer.js';
import { classesSection } from './sections/classes.js';
import { courseSection, learningSection } from './sections/curves.js';
import { figuresSection } from './sections/figures.js';
import { imagesSection } from './sections/images.js';
import { phasesSection } from './sections/phases.js';
import { repeatsSection } from './sections/repeats.js';
import { notesSection, runsSection } from './sections/runs.js';
import { STYLE } from './style.js';

/** What a browser lets this page do: a script, or a request to anywhere, is none of it. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const PARTS = [
  ['answer', 'Answer'],
  ['figures', 'Figures'],
  ['phases', 'Time by phase'],
  ['learning', 'Loss and accuracy'],
  ['course', 'Throughput and memory'],
  ['repeats', 'Repeats'],
  ['classes', 'Confusion matrices'],
  ['images', 'Predictions'],
  ['runs', 'Runs'],
  ['notes', 'To know'],
] as const;

/** @param version of the runner that made it */
export function renderHtml(page: ReportPage, { version }: { readonly version: string }): string {
  const { courses, matrices, disagreement, remarks } = page;
  const { report, names: compared, notes } = shownPart(page.report);
  const quality = sameQuality(page.report);
  const names = report.sides.map(({ name }) => name).join(', ');
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${names}: ${report.title}</title>
        <link rel="icon" href="data:," />
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <div class="page">
          ${pageHeader(report, compared)}
          <main>
            ${answerSection(report, quality)} ${figuresSection(report, quality)} ${phasesSection(report)}
            ${learningSection(courses)} ${courseSection(courses)} ${repeatsSection(report)}
            ${classesSection(report, matrices)} ${imagesSection(page.report, disagreement)}
            ${runsSection(report)} ${notesSection([...notes, ...remarks])}
          </main>
          <footer>
            Made by <code>runner compare</code> ${version}. Figures, method and limits: docs/report.md.
          </footer>
        </div>
      </body>
    </html>`;
  return document.text;
}

/** @param compared the sides, in words */
function pageHeader({ title, sides }: Report, compared: string): Markup {
  const runs = sides.flatMap((side) => side.runs);
  const [first, last] = [
    Math.min(...runs.map(({ startedAt }) => startedAt)),
    Math.max(...runs.map(({ endedAt }) => endedAt)),
  ];
  const ofModes = sides.every(({ name }) => SIDE_NAMES.includes(name));
  const hosts = [...new Set(runs.map(({ host }) => host).filter((host) => host !== null))];
  return html`<header>
    <h1>${ofModes ? 'What isolation costs' : 'Runs compared'}</h1>
    <p class="lead">
      ${title}<br />${compared}; ${formatTime(first)} to
      ${formatTime(last)}${hosts.length > 0 ? `, on ${hosts.join(', ')}` : ''}
    </p>
    <nav aria-label="Sections">
      <ul>
        ${PARTS.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}
      </ul>
    </nav>
  </header>`;
}
