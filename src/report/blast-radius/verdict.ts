/** The answer in a sentence a mode. */
import { judge } from './cases.js';
import type { BlastRadius } from './cases.js';

export function verdictsOf({ cases }: Pick<BlastRadius, 'cases'>): string[] {
  const modes = [...new Set(cases.map(({ mode }) => mode))];
  return modes.map((mode) => {
    const ofMode = cases.filter((one) => one.mode === mode);
    const judged = ofMode.flatMap((one) => (one.notRun === null ? [judge(one.fault, one.seen)] : []));
    if (judged.length === 0) return `${mode}: no fault was provoked.`;
    const number = (holds: (judgement: (typeof judged)[number]) => boolean): number =>
      judged.filter(holds).length;
    const facts: [string, number][] = [
      ['runner lost', number(({ runner }) => runner !== 'survived')],
      ['other run hurt', number(({ other }) => other !== 'unhurt')],
      ['reason wrong or missing', number(({ toldRightly }) => toldRightly === false)],
      ['reached what is outside', number(({ reached }) => reached === true)],
      ['left something running', number(({ leftBehind }) => leftBehind)],
    ];
    const harm = facts.filter(([, times]) => times > 0).map(([what, times]) => `${what}: ${times}`);
    const contained = number((judgement) => judgement.contained);
    const rest = harm.length === 0 ? '' : ` (${harm.join(', ')})`;
    return `${mode}: ${contained} of ${judged.length} faults stayed within their run${rest}.`;
  });
}
