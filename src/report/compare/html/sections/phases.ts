import { formatDuration } from '../../../format.js';
import type { Side } from '../../comparison.js';
import type { Report } from '../../report.js';
import { chartFigure } from '../chart-figure.js';
import { drawWaterfallChart } from '../charts/waterfall-chart.js';
import { lookOf } from '../look.js';
import { html } from '../markup.js';
import type { Markup } from '../markup.js';

/** More phases than any runtime has; a run with more has them from elsewhere. */
const MOST_PHASES = 40;

/** Where the time goes: the phases of each side as a waterfall, all on one scale. */
export function phasesSection({ phases, sides }: Report): Markup {
  const names = [...phases.filter((phase) => phase !== 'rest'), 'rest'].slice(0, MOST_PHASES);
  const scaleSeconds = Math.max(...sides.map((side) => besideTraining(side, names)));
  const charts = sides.map((side, index) => {
    const timed = names.map((name) => ({ name, seconds: side.phaseSeconds[name] }));
    const there = timed.filter(({ seconds }) => seconds !== undefined);
    return chartFigure({
      title: `${side.name}: time by phase`,
      summary: there.map(({ name, seconds = 0 }) => `${name} ${formatSeconds(seconds)}`).join(', '),
      drawing: drawWaterfallChart({
        ...{
          id: `phases-${index}`,
          look: lookOf(side.name),
          phases: timed,
          scaleSeconds,
          formatSeconds,
        },
      }),
      data: {
        header: ['Phase', 'Seconds'],
        rows: timed.map(({ name, seconds }) => [name, seconds === undefined ? '–' : seconds.toFixed(3)]),
      },
    });
  });
  return html`<section id="phases" aria-labelledby="phases-title">
    <h2 id="phases-title">Time by phase</h2>
    <p class="aside">
      Medians. Training is drawn as a frame of fixed width and left out of the scale, for it takes as long as
      one lets it. “rest” is what no phase covers.
    </p>
    <div class="charts">${charts}</div>
  </section>`;
}

const formatSeconds = (seconds: number): string => formatDuration(1000 * seconds);

const besideTraining = ({ phaseSeconds }: Side, names: readonly string[]): number =>
  names.reduce((sum, name) => sum + (name === 'train' ? 0 : (phaseSeconds[name] ?? 0)), 0);
