import { formatDuration } from '../../../format.js';
import { formatInterval, formatRatio } from '../../quantities.js';
import type { Report } from '../../report.js';
import { describeWeights } from '../../rows.js';
import { html } from '../markup.js';
import type { Markup } from '../markup.js';
import { table } from '../table.js';
import type { TableRow } from '../table.js';

/** The verdict: what a reader who reads no further takes along. @param quality of all runs, where it is the same */
export function answerSection(report: Report, quality: string | undefined): Markup {
  const { verdicts, weights } = report;
  const verdictTexts = verdicts.map(({ side, against, sentences }) => {
    const heading = verdicts.length > 1 ? html`<h3>${side} against ${against}</h3>` : null;
    return html`${heading}
      <p class="verdict">${together(sentences.join(' '))}</p> `;
  });
  return html`<section id="answer" aria-labelledby="answer-title"><h2 id="answer-title">Answer</h2>
${verdictTexts}<dl class="facts"><div><dt>Weights</dt><dd${weights.same === false ? html` class="worse"` : null}>${describeWeights(report)}</dd></div>
${
  quality === undefined
    ? null
    : html`<div>
        <dt>Quality</dt>
        <dd>the same: ${together(quality)}</dd>
      </div>`
}</dl>
${glance(report)}</section>`;
}

function glance({ contrasts, verdicts }: Report): Markup {
  const rows = contrasts.map(({ side, figures }): TableRow => {
    const verdict = verdicts.find((one) => one.side === side);
    const [fixed, throughput] = [verdict?.fixedSeconds ?? null, figures.imagesPerSecond];
    const from = verdict?.underOnePercentFromSeconds ?? null;
    return [
      side,
      fixed === null ? '–' : `${fixed < 0 ? '−' : '+'}${formatDuration(1000 * Math.abs(fixed))}`,
      formatRatio(throughput?.ratio),
      throughput?.interval == null ? '–' : formatInterval(throughput.interval),
      describeFrom(from, verdict?.neverUnderOnePercent ?? false),
    ];
  });
  const header = ['Side', 'A run costs more', 'Throughput, ratio', '95 % of it', 'Under 1 % from'];
  return table({ caption: 'At a glance: each side against the baseline', header, rows });
}

function describeFrom(from: number | null, never: boolean): string {
  if (from === null) return never ? 'never' : '–';
  return from === 0 ? 'any length' : formatDuration(1000 * from);
}

/** No line ends between a number and its unit. */
const together = (text: string): string =>
  text.replaceAll(/(\d) (?=(?:%|ms|s|min|h|MB|nats)(?!\w))/g, '$1\u00a0');
