/** What `npm run gpu-proof` writes into docs/gpu.md: the machine, what was measured, what it says of the targets, what failed. */
import { median } from '../../bench/lib/statistics.mjs';

/**
 * Of one run.
 * @typedef {{ imagesPerSecond: number, digest?: string | null | undefined, accuracy?: number | null | undefined, computedOn?: string }} Figures
 */

/**
 * What there is to say of one way of training.
 * @typedef {object} Measured
 * @property {string} title
 * @property {boolean} isOptional whether a machine may well lack what it takes
 * @property {readonly (Figures & { round: number })[]} runs
 * @property {readonly { round: number, why: string }[]} failures
 */

/**
 * @typedef {ReadonlyMap<string, Measured>} AllMeasured
 * @typedef {{ name: string, memoryBytes: number, computeCapability: string | null }} Card
 * @typedef {(rows: readonly (readonly string[])[]) => string} MarkdownTable
 */

/** What the targets are: shares of one way's speed in another's. */
const TARGETS = [
  { of: 'gpu', over: 'torch', least: 1, what: 'PyTorch, eager, loss read once an epoch' },
  { of: 'gpu', over: 'torch-read', least: 1, what: 'PyTorch, eager, loss read after each step' },
  { of: 'gpu', over: 'gpu-eager', least: 3, what: 'the same engine op by op' },
  { of: 'gpu-docker', over: 'gpu', least: 0.97, what: 'the same in this process' },
  { of: 'gpu', over: 'gpu-between', least: 1, what: 'each batch made between two steps' },
  { of: 'gpu', over: 'gpu-call', least: 1, what: 'one step a call' },
];

/** Whose weights have to be the same, to the bit. */
const SAME = [
  {
    what: 'Container and this process: the same weights',
    keys: ['gpu', 'gpu-docker'],
  },
  {
    what: 'The same weights in every mode and in every way of feeding the card',
    keys: [
      'gpu',
      'gpu-between',
      'gpu-call',
      'gpu-calls-32',
      'gpu-process',
      'gpu-docker',
      'gpu-docker-default',
    ],
  },
];

/**
 * @typedef {object} Proof
 * @property {{ date: string, card: Card | null, driver: string, processors: string, node: string }} machine `card`: null where
 *   nothing tells
 * @property {{ batch: number, epochs: number, rounds: number }} work
 * @property {AllMeasured} measured
 * @property {{ text: string, isAsItShould: boolean } | undefined} full how a card was told whose memory was used up
 * @property {readonly string[]} leftOut what was not tried, and why
 */

/**
 * @param {Proof} proof
 * @param {MarkdownTable} table
 */
export function proofPage({ machine, work, measured, full, leftOut }, table) {
  const verdicts = verdictsOf(measured);
  const rows = verdicts.map(({ what, found, met }) => [what, found, met === undefined ? '–' : yesNo(met)]);
  return [
    describe(machine, work, measured),
    speeds(measured, table),
    table([['target', 'found', 'met'], ...rows]),
    full?.text ?? 'How a card is told whose memory is used up was not tried.',
    ...list('Not measured:', [...leftOut, ...failuresOf(measured, true)]),
    ...list('Failed:', failuresOf(measured, false)),
  ].join('\n\n');
}

/** @returns {boolean} whether nothing failed that a machine with a card has, and all that was found is as it should be */
export const isProved = (/** @type {Pick<Proof, 'measured' | 'full'>} */ { measured, full }) =>
  failuresOf(measured, false).length === 0 &&
  full?.isAsItShould === true &&
  verdictsOf(measured).every(({ met }) => met !== false);

/** @param {Proof['machine']} machine @param {Proof['work']} work */
function describe(
  { date, card, driver, processors, node },
  { batch, epochs, rounds },
  /** @type {AllMeasured} */ measured,
) {
  const what =
    card === null
      ? 'a card that nothing tells of'
      : `${card.name} (compute capability ${card.computeCapability ?? 'not told'}, ${Math.round(card.memoryBytes / 1024 ** 2)} MiB)`;
  const others = [...measured.values()].flatMap(({ runs }) =>
    runs.flatMap(({ computedOn }) => computedOn ?? []),
  );
  return [
    `Measured on ${date}: ${[what, `driver ${driver}`, processors, `Node ${node}`, ...new Set(others)].join(', ')}.`,
    `MNIST CNN, batch ${batch}, ${epochs} epochs, of which the first does not count; ${rounds} rounds, in which all take turns in a random order.`,
    'Median (lowest – highest): speeds of the runs, and shares of the rounds.',
  ].join('\n');
}

function speeds(/** @type {AllMeasured} */ measured, /** @type {MarkdownTable} */ table) {
  const rows = [...measured.values()].map(({ title, runs }) => [
    title,
    runs.length === 0
      ? '–'
      : medianAndRange(
          runs.map(({ imagesPerSecond }) => imagesPerSecond),
          whole,
        ),
    String(runs.length),
    percent(runs[0]?.accuracy),
    weights(digestsOf(runs)),
  ]);
  return table([['what', 'images/s', 'runs', 'accuracy', 'weights'], ...rows]);
}

const whole = (/** @type {number} */ number) => Math.round(number).toLocaleString('en');
const hundredths = (/** @type {number} */ number) => number.toFixed(2);

/** @param {readonly number[]} numbers @param {(number: number) => string} form @param {string} [unit] of the median */
function medianAndRange(numbers, form, unit = '') {
  const range = numbers.length > 1 ? ` (${form(Math.min(...numbers))} – ${form(Math.max(...numbers))})` : '';
  return `${form(median(numbers))}${unit}${range}`;
}

const percent = (/** @type {number | null | undefined} */ part) =>
  part === undefined || part === null ? '–' : `${(100 * part).toFixed(2)} %`;

/** @returns {string[]} each once */
const digestsOf = (/** @type {Measured['runs']} */ runs) => [
  ...new Set(runs.flatMap(({ digest }) => digest ?? [])),
];
const weights = (/** @type {readonly string[]} */ [first, ...others]) =>
  first === undefined ? '–' : others.length === 0 ? `one digest, ${first.slice(7, 19)}` : 'differ';

/** @returns {{ what: string, found: string, met: boolean | undefined }[]} `met`: undefined where it was not measured */
function verdictsOf(/** @type {AllMeasured} */ measured) {
  const runsOf = (/** @type {string} */ key) => measured.get(key)?.runs ?? [];
  const ratios = TARGETS.map(({ of, over, least, what }) => {
    // Of the same round: what else the machine did then, it did to both.
    const shares = runsOf(of).flatMap(({ round, imagesPerSecond }) => {
      const other = runsOf(over).find((run) => run.round === round);
      return other === undefined ? [] : [imagesPerSecond / other.imagesPerSecond];
    });
    const title = `${measured.get(of)?.title ?? 'Card, container'}: at least ${least}× ${what}`;
    if (shares.length === 0) return { what: title, found: 'not measured', met: undefined };
    return { what: title, found: medianAndRange(shares, hundredths, '×'), met: median(shares) >= least };
  });
  const same = SAME.map(({ what, keys }) => {
    const found = keys.map((key) => digestsOf(runsOf(key))).filter((digests) => digests.length > 0);
    const different = new Set(found.flat()).size;
    // One way that agrees with itself says nothing of others.
    if (found.length < 2 && different < 2) return { what, found: 'not measured', met: undefined };
    return { what, found: `${different} in ${found.length} ways`, met: different === 1 };
  });
  return [...ratios, ...same];
}

/** @param {AllMeasured} measured @param {boolean} lacking of what a machine may well lack, or of the rest */
const failuresOf = (measured, lacking) =>
  [...measured.values()].flatMap(({ title, isOptional, runs, failures }) =>
    (isOptional && runs.length === 0) === lacking
      ? failures.map(({ round, why }) => `${title}, round ${round}: ${code(why)}`)
      : [],
  );

/** Others' words, in which nothing is to be taken for markup. */
export const code = (/** @type {string} */ words) => `\`${words.replaceAll('`', "'")}\``;

const list = (/** @type {string} */ title, /** @type {readonly string[]} */ lines) =>
  lines.length === 0 ? [] : [`${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}`];

const yesNo = (/** @type {boolean} */ met) => (met ? 'yes' : 'no');
