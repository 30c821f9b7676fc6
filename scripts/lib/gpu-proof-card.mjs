/** Which card `npm run gpu-proof` measures. */

/**
 * @typedef {{ index: number, uuid: string, name: string, memoryBytes: number, computeCapability: string | null }} Card
 * @typedef {object} Gpu as `runner doctor --gpu --json` has it
 * @property {Readonly<Record<string, string>>} problems by where they show
 * @property {{ cards: readonly Card[] | null, driver: string | null }} survey
 */

const OF_A_CARD = /^GPU \d+$/;
/** By then it has been built. */
const ENGINE = 'GPU engine';

/**
 * The card that is named, or else the first that a run could train on: others may be busy.
 * @param {Gpu} gpu
 * @param {{ wanted?: number | undefined, visible?: string | undefined }} choice `wanted`: as nvidia-smi numbers it; `visible`:
 *   CUDA_VISIBLE_DEVICES, by which a scheduler gives out cards
 * @returns {{ card?: number, problems: string[] }} without a card, what keeps a run from training
 */
export function chooseCard({ problems, survey: { cards, driver } }, { wanted, visible }) {
  const named = Object.entries(problems).filter(([name]) => name !== ENGINE);
  const ofMachine = named.filter(([name]) => !OF_A_CARD.test(name));
  if (ofMachine.length > 0) return { problems: ofMachine.map(describe) };
  // Where nvidia-smi is not there, as in some containers, only a run can tell.
  if (cards === null) return driver === null ? { problems: [] } : { card: wanted ?? 0, problems: [] };
  const candidates = visible === undefined ? cards : cards.filter((card) => isIn(visible, card));
  const mayTrain = candidates
    .map(({ index }) => index)
    .filter((index) => problems[`GPU ${index}`] === undefined);
  const card = wanted === undefined ? mayTrain[0] : mayTrain.find((index) => index === wanted);
  if (card !== undefined) return { card, problems: [] };
  const ofWanted = named.filter(([name]) => wanted === undefined || name === `GPU ${wanted}`);
  if (ofWanted.length > 0) return { problems: ofWanted.map(describe) };
  const ofVariable = visible === undefined ? '' : `, and CUDA_VISIBLE_DEVICES is ${JSON.stringify(visible)}`;
  return { problems: [`There is no GPU ${wanted ?? 0}: this machine has ${cards.length}${ofVariable}.`] };
}

/** By number or by the beginning of its id, as CUDA takes them. */
const isIn = (/** @type {string} */ visible, /** @type {Card} */ { index, uuid }) =>
  visible
    .split(',')
    .map((id) => id.trim())
    .some((id) => id === String(index) || (id.startsWith('GPU-') && uuid.startsWith(id)));

const describe = (/** @type {[string, string]} */ [name, remedy]) => `${name}: ${remedy}`;
