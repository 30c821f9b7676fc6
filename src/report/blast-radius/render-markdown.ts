import { FAULTS } from '../../contract/blast-radius.js';
import { formatBytes, formatTime } from '../format.js';
import { markdownTable } from '../markdown-table.js';
import { markdownText as text } from '../markdown-text.js';
import type { BlastRadius } from './cases.js';
import { CATALOGUE } from './catalogue.js';
import { verdictsOf } from './verdict.js';
import { summarize, wordsOf } from './words.js';

/** GitHub's Markdown: the answer, the table fault × mode, and every case. */
export const renderMarkdown = (result: BlastRadius): string =>
  [
    '## What a fault harms',
    verdictsOf(result)
      .map((sentence) => `- ${sentence}`)
      .join('\n'),
    summaryTable(result),
    '### Case by case',
    caseTable(result),
    surroundings(result),
  ].join('\n\n');

/** One row a fault, one column a mode. */
export function summaryTable({ cases }: Pick<BlastRadius, 'cases'>): string {
  const modes = [...new Set(cases.map(({ mode }) => mode))];
  const faults = FAULTS.filter((fault) => cases.some((one) => one.fault === fault));
  return markdownTable([
    ['The job …', ...modes.map((mode) => `\`${mode}\``)],
    ...faults.map((fault) => [
      CATALOGUE[fault].does,
      ...modes.map((mode) => {
        const found = cases.find((one) => one.fault === fault && one.mode === mode);
        return found === undefined ? '–' : text(summarize(found));
      }),
    ]),
  ]);
}

export const caseTable = ({ cases }: Pick<BlastRadius, 'cases'>): string =>
  markdownTable([
    ['Fault', 'Mode', 'Runner', 'Other run', 'Told', 'Reached', 'Left behind', 'Back after'],
    ...cases.map((one) => {
      const words = wordsOf(one);
      const cells =
        words === undefined
          ? [`not run: ${one.notRun ?? ''}`, '', '', '', '', '']
          : [words.runner, words.other, words.told, words.reached, words.left, words.back];
      return [`\`${one.fault}\``, one.mode, ...cells.map(text)];
    }),
  ]);

export function surroundings({ machine, takenAt, bounds }: BlastRadius): string {
  const { platform, cpus, memoryBytes, node } = machine;
  const machineLine = `${platform}, ${cpus} processors, ${formatBytes(memoryBytes)}, Node ${node}, ${formatTime(takenAt)}`;
  return [machineLine, ...bounds].map((line) => `- ${text(line)}`).join('\n');
}
