import { formatCount, formatLoss } from '../../../format.js';
import type { EpochFigures } from '../../../../contract/epoch-figures.js';
import type { RunCurves } from '../../curves/run-curves.js';
import { niceExtent } from '../charts/nice-extent.js';
import type { Extent } from '../charts/nice-extent.js';
import type { Point } from '../charts/line-chart.js';
import { sideKey } from '../look.js';
import { html } from '../markup.js';
import type { Content, Markup } from '../markup.js';
import type { SideCourse } from '../page-parts.js';
import { lineFigure } from './line-figures.js';
import type { LineFigure } from './line-figures.js';

const formatAccuracy = (value: number): string => `${+(100 * value).toFixed(2)} %`;
/** Of what goes on over a run: a single point is no course. */
const LEAST_POINTS = 2;

/** No share is more than all. */
function shareExtent(values: readonly number[]): Extent | undefined {
  const extent = niceExtent(values);
  return extent && { ...extent, low: Math.max(0, extent.low), high: Math.min(1, extent.high) };
}

/** Its unit stands in the title. */
const formatMegabytes = (bytes: number): string => formatCount(bytes / 1e6);

/** Loss and accuracy, by epoch and by step. */
export function learningSection(courses: readonly SideCourse[]): Markup {
  const epochs = courses.flatMap(({ curves }) => curves.epochs);
  const loss = niceExtent(epochs.flatMap((epoch) => [epoch.loss, epoch.valLoss]));
  const accuracy = shareExtent(epochs.flatMap((epoch) => [epoch.accuracy, epoch.valAccuracy]));
  const steps = courses.flatMap(({ curves }) => curves.steps);
  const byEpoch = (
    id: string,
    title: string,
    of: (epoch: EpochFigures) => number,
    look: Pick<LineFigure, 'extent' | 'formatY'>,
  ): LineFigure => ({
    ...{ id, title, xName: 'epoch', counted: true, ...look },
    pointsOf: ({ curves }) => curves.epochs.map((epoch): Point => [epoch.epoch, of(epoch)]),
  });
  const byStep = (
    id: string,
    title: string,
    of: 'loss' | 'accuracy',
    look: Pick<LineFigure, 'extent' | 'formatY'>,
  ): LineFigure => ({
    ...{ id, title, xName: 'step', counted: true, least: LEAST_POINTS, ...look },
    pointsOf: ({ curves }) => curves.steps.map((figures): Point => [figures.step, figures[of]]),
  });
  const figures = [
    byEpoch('loss', 'Training loss, nats', (epoch) => epoch.loss, { extent: loss, formatY: shortLoss }),
    byEpoch('val-loss', 'Validation loss, nats', (epoch) => epoch.valLoss, {
      extent: loss,
      formatY: shortLoss,
    }),
    byEpoch('accuracy', 'Training accuracy', (epoch) => epoch.accuracy, {
      ...{ extent: accuracy, formatY: formatAccuracy },
    }),
    byEpoch('val-accuracy', 'Validation accuracy', (epoch) => epoch.valAccuracy, {
      ...{ extent: accuracy, formatY: formatAccuracy },
    }),
    byStep('step-loss', 'Training loss by step, nats', 'loss', {
      ...{ extent: niceExtent(steps.map((step) => step.loss)), formatY: shortLoss },
    }),
    byStep('step-accuracy', 'Training accuracy by step', 'accuracy', {
      ...{ extent: shareExtent(steps.map((step) => step.accuracy)), formatY: formatAccuracy },
    }),
  ];
  const same =
    courses.length < 2
      ? ''
      : sameLearning(courses)
        ? 'The lines lie upon one another: each figure of them is the same on every side.'
        : 'Where lines lie upon one another the figures are the same.';
  return section('learning', 'Loss and accuracy', courses, figures, [
    `${ofRuns(courses)} By epoch; by step, the means over the steps since the last point. ${same}`,
  ]);
}

/** Throughput and memory over time. */
export function courseSection(courses: readonly SideCourse[]): Markup {
  const overTime = (
    id: 'throughput' | 'memory',
    title: string,
    formatY: LineFigure['formatY'],
  ): LineFigure => ({
    ...{
      id,
      title,
      xName: 'seconds since the start of the run',
      counted: false,
      least: LEAST_POINTS,
      formatY,
    },
    pointsOf: ({ curves }) => curves[id].map(({ seconds, value }): Point => [seconds, value]),
  });
  return section(
    'course',
    'Throughput and memory over time',
    courses,
    [
      overTime('throughput', 'Throughput, images/s', formatCount),
      overTime('memory', 'Memory of the process that trains, MB', formatMegabytes),
    ],
    [
      `${ofRuns(courses)} Throughput is that of the steps between two points, validation and checkpoints left out; of a short run, that of its epochs. Memory is resident memory, measured alike in every mode; in-process, the runner is part of it.`,
    ],
  );
}

function section(
  id: string,
  title: string,
  courses: readonly SideCourse[],
  figures: readonly LineFigure[],
  asides: readonly Content[],
): Markup {
  const known = courses.filter(({ curves }) => hasAny(curves));
  const charts = figures.map((figure) => lineFigure(figure, known)).filter((chart) => chart !== undefined);
  const content =
    charts.length === 0
      ? html`<p>Nothing to draw: these runs have left no events that tell it, or too few.</p>`
      : html`${asides.map((aside) => html`<p class="aside">${aside}</p> `)}${sideKey(known.map(({ side }) => side))}
          <div class="charts">${charts}</div>`;
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${content}
  </section>`;
}

const hasAny = ({ epochs, steps, throughput, memory }: RunCurves): boolean =>
  [epochs, steps, throughput, memory].some(({ length }) => length > 0);

const ofRuns = (courses: readonly SideCourse[]): string =>
  `Of the newest run of each side: ${courses.map(({ runId }) => runId).join(', ')}.`;

function sameLearning(courses: readonly SideCourse[]): boolean {
  const [first, ...others] = courses.map(({ curves: { epochs, steps } }) => JSON.stringify([epochs, steps]));
  return others.every((other) => other === first);
}

/** A loss that explodes must not push the figures off the chart. */
const shortLoss = (value: number): string =>
  Math.abs(value) >= 10_000
    ? value.toExponential(1).replace('e+', 'e')
    : Math.abs(value) >= 1
      ? String(+value.toPrecision(4))
      : formatLoss(value)
          .replace(/(\.\d*?)0+$/, '$1')
          .replace(/\.$/, '');
