/** The description of a run on its page: what a person wants to know first, in Markdown. */
import { decodeNumber, type JsonNumber } from '../../contract/json-number.js';
import type { RunOutcome } from '../../contract/run-outcome.js';
import type { RunMode } from '../../contract/run-spec.js';
import type { DescribedRun } from './describe-run.js';

const WHERE: Readonly<Record<RunMode, string>> = {
  inprocess: "in the runner's own process",
  process: 'in a process of its own',
  docker: 'in a container',
  kubernetes: 'in a pod',
};

export function noteOf({ spec, outcome, evaluation, environment, startedAt }: DescribedRun): string {
  const place = `\`${spec.job}\` ${WHERE[spec.mode]} (\`${spec.mode}\`) on \`${environment.host}\``;
  if (outcome === null) {
    return `**Running** ${place}, since ${new Date(Math.round(startedAt)).toISOString()}`;
  }
  const { training, image } = outcome;
  const reason = outcome.reason === null ? '' : ` (${outcome.reason})`;
  const test = {
    loss: training.testLoss ?? evaluation?.testLoss,
    accuracy: training.testAccuracy ?? evaluation?.testAccuracy,
  };
  return [
    `**${capitalized(outcome.status)}**${reason}: ${place}`,
    // As it was printed: indented, so that nothing in it is taken for Markdown.
    outcome.message?.replace(/^/gm, '    ') ?? '',
    `${training.epochsCompleted} of ${spec.hyperparameters.epochs} epochs in ${figure(outcome.resources.wallMs / 1000)} s${howItEnded(training)}`,
    figuresTable([
      ['training', training.finalLoss, training.finalAccuracy],
      ['validation', training.valLoss, training.valAccuracy],
      ['test', test.loss, test.accuracy],
    ]),
    training.weightsDigest === null
      ? ''
      : `Weights \`${training.weightsDigest}\`: a run with the same digest has the same weights, to the bit`,
    image === undefined ? '' : `Image \`${image.tag}\`, \`${image.id}\``,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function howItEnded({ stoppedEarly, bestEpoch }: RunOutcome['training']): string {
  const early = stoppedEarly ? ', stopped early' : '';
  return bestEpoch === null ? early : `${early}; the weights are those of epoch ${bestEpoch}`;
}

type Figure = JsonNumber | null | undefined;

function figuresTable(rows: readonly (readonly [name: string, loss: Figure, accuracy: Figure])[]): string {
  const known = rows.filter(([, ...figures]) =>
    figures.some((value) => value !== null && value !== undefined),
  );
  if (known.length === 0) return '';
  const lines = known.map(([name, loss, accuracy]) => `| ${name} | ${figure(loss)} | ${figure(accuracy)} |`);
  return ['|  | loss | accuracy |', '| --- | ---: | ---: |', ...lines].join('\n');
}

/** Four digits that count; the exact figures are among the metrics. */
const figure = (value: Figure): string =>
  value === null || value === undefined ? '–' : String(Number(decodeNumber(value).toPrecision(4)));

const capitalized = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
