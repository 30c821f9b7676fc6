/**
 * `node trainer-files.mjs BUILD` writes BUILD/trainer-files.json: the files that the trainer program needs to run,
 * which is what goes into its image (runtimes/docker/image). Found out here, by tracing what the compiled program
 * imports, so that those who install the package need no tracer.
 *
 *   { platform, files: [{ path, bytes, sha256 }] }   paths as in the installed package: dist/… and node_modules/…
 */
import { nodeFileTrace } from '@vercel/nft';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './paths.mjs';

/** By this name in a build. */
const MANIFEST = 'trainer-files.json';
const PROGRAM = 'src/trainer/main.js';

/** Packages loaded by name when the program runs, so that no tracer sees them. */
const LOADED_BY_NAME = ['@tensorflow/tfjs-node', 'echarts'];
/** Read as plain files. */
const READ = [
  'dejavu-fonts-ttf/package.json',
  'dejavu-fonts-ttf/ttf/DejaVuSans.ttf',
  'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
];
/** Only its name is ever resolved: src/engine/load.ts answers for it. */
const ONLY_RESOLVED = '@mapbox/node-pre-gyp';

const require = createRequire(join(ROOT, 'package.json'));
const packages = realpathSync(join(ROOT, 'node_modules')) + sep;

const [, , build] = process.argv;
if (build === undefined) throw new Error('usage: trainer-files.mjs BUILD');
await writeTrainerFiles(realpathSync(build));

async function writeTrainerFiles(/** @type {string} */ build) {
  const { own, imported } = await traceBuild(build);
  const paths = [
    ...own.map((path) => ({ path, name: `dist/${portable(relative(build, path))}` })),
    ...(await packageFiles(imported)).map((name) => ({
      path: join(packages, name),
      name: `node_modules/${name}`,
    })),
  ];
  const files = paths
    .map(({ path, name }) => ({ path: name, bytes: statSync(path).size, sha256: hashOf(readFileSync(path)) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = { platform: `${process.platform}-${process.arch}`, files };
  writeFileSync(join(build, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
}

/** The build's own files that the program imports, and the files of packages that these import. */
async function traceBuild(/** @type {string} */ build) {
  const program = join(build, PROGRAM);
  if (!existsSync(program)) throw new Error(`${program} is missing: there is no trainer in this build`);
  /** @type {Set<string>} */
  const imported = new Set();
  const traced = await trace([program], (path) => {
    if (!path.startsWith(packages)) return false;
    imported.add(path);
    return true;
  });
  return { own: traced.filter((path) => path.startsWith(build + sep)), imported: [...imported].sort() };
}

/**
 * The files of packages, relative to node_modules. Which they are depends on what is imported and what is installed:
 * parsing bundles of megabytes takes seconds, so it is remembered beside the packages, and gone with them.
 * @returns {Promise<readonly string[]>}
 */
async function packageFiles(/** @type {readonly string[]} */ imported) {
  const lock = readFileSync(join(ROOT, 'package-lock.json'));
  const self = readFileSync(fileURLToPath(import.meta.url));
  const key = hashOf(JSON.stringify([imported, process.platform, process.arch]), lock, self).slice(0, 16);
  const remembered = join(packages, '.cache', 'runner', `trainer-files-${key}.json`);
  if (existsSync(remembered)) return JSON.parse(readFileSync(remembered, 'utf8'));
  const found = await tracePackages(imported);
  mkdirSync(dirname(remembered), { recursive: true });
  const draft = `${remembered}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(found));
  renameSync(draft, remembered);
  return found;
}

async function tracePackages(/** @type {readonly string[]} */ imported) {
  const resolveReal = (/** @type {string} */ name) => realpathSync(require.resolve(name));
  const loaded = LOADED_BY_NAME.map(resolveReal);
  const resolved = [
    resolveReal(ONLY_RESOLVED),
    ...[ONLY_RESOLVED, ...LOADED_BY_NAME].map((name) => resolveReal(`${name}/package.json`)),
  ];
  const traced = await trace([...imported, ...loaded], (path) => path.includes(`/${ONLY_RESOLVED}/`));
  const all = new Set([...traced, ...resolved, ...READ.map(resolveReal)]);
  return [...all]
    .filter((path) => path.startsWith(packages))
    .map((path) => portable(relative(packages, path)))
    .sort();
}

/**
 * Absolute paths of all that the entries import. What the tracer cannot resolve it leaves out: that an image has all
 * it needs is checked when it is built (docker/check-image.mjs).
 */
async function trace(
  /** @type {readonly string[]} */ entries,
  /** @type {(path: string) => boolean} */ ignore,
) {
  const { fileList } = await nodeFileTrace([...entries], {
    base: '/',
    processCwd: ROOT,
    ignore: (path) => ignore(join('/', path)),
  });
  // Links lead to files that are listed, too.
  return [...fileList].map((path) => join('/', path)).filter((path) => realpathSync(path) === path);
}

function portable(/** @type {string} */ path) {
  return path.split(sep).join('/');
}

function hashOf(/** @type {(string | Buffer)[]} */ ...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
