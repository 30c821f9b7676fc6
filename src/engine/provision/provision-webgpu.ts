import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tar from 'tar';
import { lastLines } from '../../common/last-lines.js';
import { writeJsonAtomic } from '../../common/atomic-file.js';
import { RunnerError } from '../../contract/errors.js';
import { enginesFolder, PLATFORM } from '../cache.js';
import type { WebgpuEngine } from '../engine.js';
import { WEBGPU_MANIFEST, type WebgpuManifest } from '../manifest.js';
import { findWebgpuEngine, readWebgpuEngine, webgpuEngineName } from '../webgpu/find.js';
import {
  BACKEND_VERSION,
  DAWN_FILE,
  DAWN_VERSION,
  OLDEST_GLIBC,
  type PinnedPackage,
  WEBGPU_PLATFORMS,
  webgpuPackages,
} from '../webgpu/packages.js';
import { type Provisioning, type ProvisionOptions, provisioningOf, step } from './context.js';
import { checkHash } from './check-hash.js';
import { DISK_FULL_HINT } from './disk-space.js';
import { recordFile } from './hash-file.js';
import { glibcVersion, isGlibcAtLeast } from './platform.js';
import { provisionInCache } from './provision-engine.js';
import { runCommand, saysDiskFull } from './run-command.js';
import { buildFolder, removeLeftovers } from './workspace.js';

/**
 * Fetches the engine webgpu, unless another process does so first.
 * @throws RunnerError `platform-unsupported`, `npm-missing`, `download-failed`, `hash-mismatch`, `engine-corrupt`,
 * `engine-missing` or `disk-full`
 */
export async function provisionWebgpu(options: ProvisionOptions): Promise<WebgpuEngine> {
  checkPlatform();
  const provisioning = provisioningOf(options);
  return provisionInCache(provisioning, () => provision(provisioning));
}

/** @throws RunnerError `platform-unsupported` */
export function checkPlatform(platform: string = PLATFORM, glibc: string | null = glibcVersion()): void {
  if (!WEBGPU_PLATFORMS.includes(platform)) {
    throw new RunnerError(
      'platform-unsupported',
      `There is no engine webgpu for ${platform}; there is one for ${WEBGPU_PLATFORMS.join(', ')}.`,
      { hint: USE_TENSORFLOW },
    );
  }
  if (isGlibcAtLeast(glibc, OLDEST_GLIBC)) return;
  const found = glibc === null ? 'has another C library (musl?)' : `has glibc ${glibc}`;
  throw new RunnerError(
    'platform-unsupported',
    `WebGPU for Node (Dawn) ${DAWN_VERSION} needs glibc ${OLDEST_GLIBC} or newer; this system ${found}.`,
    { hint: USE_TENSORFLOW },
  );
}

const USE_TENSORFLOW = 'Take --engine tensorflow.';

async function provision(provisioning: Provisioning): Promise<WebgpuEngine> {
  const { cacheDir, env, force } = provisioning;
  const builtMeanwhile = force ? undefined : findWebgpuEngine(env);
  if (builtMeanwhile) return builtMeanwhile;
  const folder = enginesFolder(cacheDir);
  await removeLeftovers(folder);
  const target = join(folder, webgpuEngineName());
  await buildFolder(target, async (dir) => {
    const kept: string[] = [];
    for (const pinned of webgpuPackages(PLATFORM)) {
      await fetchPackage(pinned, dir, provisioning);
      kept.push(...Object.values(pinned.keeps));
    }
    await tryDawn(dir, provisioning);
    const manifest: WebgpuManifest = {
      schemaVersion: 1,
      dawnVersion: DAWN_VERSION,
      backendVersion: BACKEND_VERSION,
      files: await Promise.all(kept.map((file) => recordFile(dir, file))),
    };
    await writeJsonAtomic(join(dir, WEBGPU_MANIFEST), manifest);
  });
  const engine = readWebgpuEngine(target);
  if (!engine) throw new RunnerError('engine-corrupt', `${target} was changed while it was made.`);
  return engine;
}

/** With the user's npm, so that its registry, proxy, credentials and cache are obeyed; no script of a package is run. */
async function fetchPackage(pinned: PinnedPackage, dir: string, provisioning: Provisioning): Promise<void> {
  const scratch = join(dir, 'npm');
  await mkdir(scratch);
  await step(provisioning, `Downloading ${pinned.title}`, async () => {
    const result = await runCommand(npmArguments(pinned, scratch), provisioning, { cwd: scratch });
    if (!result.ok) throw npmFailure(result, pinned);
  });
  const names = await readdir(scratch);
  if (!names.includes(pinned.fileName)) {
    throw new RunnerError(
      'download-failed',
      `npm succeeded but left no ${pinned.fileName}, only ${names.join(', ') || 'nothing'}.`,
    );
  }
  const path = join(scratch, pinned.fileName);
  await checkHash(path, pinned, 'archive that npm fetched', provisioning);
  await unpack(path, dir, pinned);
  await rm(scratch, { recursive: true });
}

export const npmArguments = ({ project, version }: PinnedPackage, dir: string): readonly string[] => [
  ...['npm', 'pack', `${project}@${version}`, '--pack-destination', dir],
  ...['--ignore-scripts', '--loglevel', 'error', '--no-update-notifier'],
];

export function npmFailure(
  { notFound, output }: { readonly notFound: boolean; readonly output: string },
  { project, version, fileName }: PinnedPackage,
): RunnerError {
  if (notFound) {
    return new RunnerError('npm-missing', `npm, which fetches ${project} ${version}, was not found in PATH.`);
  }
  const words = lastLines(output, 3);
  if (saysDiskFull(output)) {
    return new RunnerError('disk-full', `npm cannot write ${fileName}: no space is left.\n${words}`, {
      hint: DISK_FULL_HINT,
    });
  }
  const what = NO_CONNECTION.test(output)
    ? `npm could not reach its registry, which has ${project} ${version}`
    : /\bE404\b|\bETARGET\b/.test(output)
      ? `npm's registry has no ${project} ${version}`
      : `npm could not fetch ${project} ${version}`;
  return new RunnerError('download-failed', `${what}. Its last words:\n${words || '(none)'}`, {
    hint: "Check the network, and npm's registry and proxy (`npm config list`), or take --engine tensorflow.",
  });
}

const NO_CONNECTION =
  /\b(?:ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b|UNABLE_TO_VERIFY|SELF_SIGNED_CERT|network/;

/** What keeps the engine from being fetched, as far as that is known without asking a registry. */
export async function whyNotFetched(
  surroundings: Pick<Provisioning, 'env' | 'signal'>,
): Promise<RunnerError | undefined> {
  const result = await runCommand(['npm', '--version'], surroundings);
  const [first] = webgpuPackages(PLATFORM);
  return result.notFound && first !== undefined ? npmFailure(result, first) : undefined;
}

/** The members that are kept, each under its name; whatever else is in the archive stays there. */
async function unpack(archive: string, dir: string, { keeps, fileName }: PinnedPackage): Promise<void> {
  const wanted = new Map(Object.entries(keeps));
  await tar.x({
    file: archive,
    cwd: dir,
    strict: true,
    filter: (path) => wanted.has(path),
    onReadEntry: (entry) => {
      entry.path = wanted.get(entry.path) ?? entry.path;
    },
  });
  const there = await readdir(dir);
  const missing = [...wanted.values()].filter((name) => !there.includes(name));
  if (missing.length === 0) return;
  throw new RunnerError('engine-corrupt', `${fileName} has no ${missing.join(', ')}.`);
}

const SCRIPT = `
const { create, globals } = require(process.argv[1]);
if (typeof create !== 'function' || globals.GPUBufferUsage === undefined) throw new Error('it is no binding of Dawn');
`;
const TIMEOUT_MS = 60_000;

/** That it loads; whether it finds a card is another question, and that of each run. */
async function tryDawn(dir: string, provisioning: Provisioning): Promise<void> {
  await step(provisioning, 'Trying the engine', async () => {
    const command = [process.execPath, '-e', SCRIPT, '--', join(dir, DAWN_FILE)];
    const { ok, output } = await runCommand(command, provisioning, { timeoutMs: TIMEOUT_MS });
    if (ok) return;
    const [line] = output.split('\n').filter((text) => /^\w*Error: /.test(text));
    throw new RunnerError('engine-corrupt', `Dawn's binding does not load: ${line ?? lastLines(output, 1)}`, {
      hint: 'docs/gpu.md lists what the engine webgpu needs of the system.',
    });
  });
}
