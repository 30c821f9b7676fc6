/** What `npm run gpu-proof` writes into docs/gpu.md: the machine, what was measured, and what it says of the targets. */
import { median } from '../../bench/lib/statistics.mjs';

/**
 * What there is to say of one way of training: figures (images a second of each run), or why there are none.
 * @typedef {{ title: string, why?: string, imagesPerSecond?: readonly number[], digests?: readonly string[], accuracy?: number }} Measured
 * @typedef {{ name: string, memoryBytes: number, computeCapability: string | null }} Card
 * @typedef {(rows: readonly (readonly string[])[]) => string} MarkdownTable
 */

/** What the targets are: shares of one way's speed in another's. */
const TARGETS = [
  { of: 'gpu', over: 'torch', least: 1, what: 'PyTorch, eager, on the same card' },
  { of: 'gpu', over: 'gpu-eager', least: 3, what: 'the same engine op by op' },
  { of: 'gpu-docker', over: 'gpu', least: 0.97, what: 'the same in this process' },
  { of: 'gpu', over: 'gpu-between', least: 1, what: 'each batch made between two steps' },
  { of: 'gpu', over: 'gpu-call', least: 1, what: 'one step a call' },
];

/** Whose weights have to be the same, to the bit. */
const SAME = ['gpu', 'gpu-between', 'gpu-call', 'gpu-calls-32', 'gpu-process', 'gpu-docker'];

/**
 * @param {{
 *   machine: { date: string, card: Card, driver: string, processors: string, node: string },
 *   work: { batch: number, epochs: string, runs: string },
 *   measured: ReadonlyMap<string, Measured>,
 *   full: string,
 *   table: MarkdownTable,
 * }} proof `full`: how a card was told whose memory was used up
 */
export const proofPage = ({ machine, work, measured, full, table }) =>
  [describe(machine, work), speeds(measured, table), targets(measured, table), full].join('\n\n');

/**
 * @param {{ date: string, card: Card, driver: string, processors: string, node: string }} machine
 * @param {{ batch: number, epochs: string, runs: string }} work
 */
function describe({ date, card, driver, processors, node }, { batch, epochs, runs }) {
  const { name, memoryBytes, computeCapability } = card;
  const memory = `${Math.round(memoryBytes / 1024 ** 2)} MiB`;
  return [
    `Measured on ${date}: ${name} (compute capability ${computeCapability ?? 'not told'}, ${memory}), driver ${driver},`,
    `${processors}, Node ${node}. MNIST CNN, batch ${batch}, ${epochs} epochs; median (lowest – highest) of ${runs} runs in turns.`,
  ].join('\n');
}

function speeds(/** @type {ReadonlyMap<string, Measured>} */ measured, /** @type {MarkdownTable} */ table) {
  const rows = [...measured.values()].map(({ title, why, imagesPerSecond = [], digests = [], accuracy }) =>
    why === undefined
      ? [title, medianAndRange(imagesPerSecond), percent(accuracy), weights(digests)]
      : [title, '–', '–', `not measured: ${why.replaceAll('|', '/').split('\n')[0]}`],
  );
  return table([['what', 'images/s', 'accuracy', 'weights'], ...rows]);
}

const whole = (/** @type {number} */ number) => Math.round(number).toLocaleString('en');

function medianAndRange(/** @type {readonly number[]} */ numbers) {
  const range =
    numbers.length > 1 ? ` (${whole(Math.min(...numbers))} – ${whole(Math.max(...numbers))})` : '';
  return `${whole(median(numbers))}${range}`;
}

const percent = (/** @type {number | undefined} */ share) =>
  share === undefined ? '–' : `${(100 * share).toFixed(2)} %`;
const weights = (/** @type {readonly string[]} */ [first, ...others]) =>
  first === undefined ? '–' : others.length === 0 ? `one digest, ${first.slice(7, 19)}` : 'differ';

function targets(/** @type {ReadonlyMap<string, Measured>} */ measured, /** @type {MarkdownTable} */ table) {
  const speed = (/** @type {string} */ key) => median(measured.get(key)?.imagesPerSecond ?? []);
  const rows = TARGETS.map(({ of, over, least, what }) => {
    const share = speed(of) / speed(over);
    const title = measured.get(of)?.title ?? 'Card, container';
    const isKnown = Number.isFinite(share);
    return [
      `${title}: at least ${least}× ${what}`,
      isKnown ? `${share.toFixed(2)}×` : 'not measured',
      isKnown ? yesNo(share >= least) : '–',
    ];
  });
  const found = SAME.flatMap((key) => {
    const { why, digests = [] } = measured.get(key) ?? { why: 'left out' };
    return why === undefined ? [digests] : [];
  });
  const different = new Set(found.flat()).size;
  const same = [
    'The same weights in every mode and in every way of feeding the card',
    `${different} in ${found.length} ways`,
    yesNo(different === 1),
  ];
  return table([['target', 'found', 'met'], ...rows, same]);
}

const yesNo = (/** @type {boolean} */ met) => (met ? 'yes' : 'no');
