/** A base image made here: Debian packages and this machine's Node. For where no registry can be reached. */
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { isErrno } from '../../../src/common/errors.js';
import { exists } from '../../../src/common/exists.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { cacheFolder } from '../../../src/engine/cache.js';
import type { EngineProgress } from '../../../src/engine/engine.js';
import { lastLines } from '../../../src/common/last-lines.js';
import { buildFolder, removeLeftovers } from '../../../src/engine/provision/workspace.js';
import type { DaemonConnection } from '../connection/connection.js';
import { type DebianMirror, findMirror, type SourcesFile } from './apt-sources.js';
import { BASE_REPOSITORY, IMAGE_LABELS } from './names.js';
import { errorOf, readMessages } from './progress-stream.js';

/** Raised with any change of how the base is made, so that older ones are not taken for it. */
const RECIPE = 1;
const TAR = 'base.tar';

/** What such a base is made of. */
export interface BaseRecipe {
  /** `runner-base:node-<version>-<suite>` */
  readonly name: string;
  readonly nodeVersion: string;
  /** The distribution's name for its version, e.g. `bookworm`. */
  readonly suite: string;
}

export interface MakeBaseOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly packageDir: string;
  readonly onProgress: EngineProgress;
  readonly signal: AbortSignal;
}

/** The base that could be made on this machine, or undefined if it is no Debian or Ubuntu. */
export async function baseRecipe(
  osRelease = '/etc/os-release',
  aptFolder = '/etc/apt',
): Promise<BaseRecipe | undefined> {
  const text = await readIfThere(osRelease);
  const suite = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text ?? '')?.[1];
  if (suite === undefined || !(await exists(aptFolder))) return undefined;
  const nodeVersion = process.versions.node;
  return { name: `${BASE_REPOSITORY}:node-${nodeVersion}-${suite}`, nodeVersion, suite };
}

/**
 * Makes the base, unless the cache has it, and imports it.
 * @throws RunnerError `image-base-missing` with what is lacking; the signal's reason
 */
export async function makeBase(
  { docker }: DaemonConnection,
  recipe: BaseRecipe,
  options: MakeBaseOptions,
): Promise<void> {
  const { onProgress, signal, env } = options;
  const folder = join(cacheFolder(env), 'bases', `${recipe.name.replace(':', '_')}_r${RECIPE}`);
  const tar = join(folder, TAR);
  if (!(await exists(tar))) await makeTar(folder, recipe, options);

  const title = `Importing the base image ${recipe.name}`;
  onProgress({ title });
  const file = createReadStream(tar, { highWaterMark: 1 << 20, signal });
  const [repo, tag] = recipe.name.split(':');
  const answer: unknown = await docker.importImage(file, {
    ...{ repo, tag, abortSignal: signal },
    changes: [
      `ENV NODE_VERSION=${recipe.nodeVersion}`,
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `LABEL ${IMAGE_LABELS.base}=1`,
    ],
  });
  for await (const message of readMessages(answer as AsyncIterable<Buffer>)) {
    const error = errorOf(message);
    if (error !== undefined) throw missing(`The base image could not be imported: ${error}`);
  }
  onProgress({ title, share: 1 });
}

async function makeTar(folder: string, recipe: BaseRecipe, options: MakeBaseOptions): Promise<void> {
  const { packageDir, env, onProgress, signal } = options;
  if (process.getuid?.() !== 0) throw missing('Making a base image out of Debian packages needs root');
  const mirror = findMirror(await readSources(), recipe.suite);
  if (mirror === undefined) {
    throw missing(`apt is configured for no source of ${recipe.suite} that a base image could be made of`);
  }
  const title = `Making a base image out of ${recipe.suite} packages and Node ${recipe.nodeVersion} (once)`;
  onProgress({ title });
  await removeLeftovers(join(folder, '..'));
  await buildFolder(folder, (dir) => runScript(dir, { recipe, mirror, packageDir, env, signal }));
  onProgress({ title, share: 1 });
}

interface Script extends Pick<MakeBaseOptions, 'packageDir' | 'env' | 'signal'> {
  readonly recipe: BaseRecipe;
  readonly mirror: DebianMirror;
}

async function runScript(dir: string, { recipe, mirror, packageDir, env, signal }: Script): Promise<void> {
  const script = join(packageDir, 'docker', 'make-base.sh');
  const args = [dir, process.execPath, recipe.suite, mirror.uri, ...(mirror.keyring ? [mirror.keyring] : [])];
  const { failed, isCanceled, all } = await execa('/bin/sh', [script, ...args], {
    ...{ env, extendEnv: false, stdin: 'ignore', all: true, reject: false },
    // Its namespaces end with it, whatever runs in them.
    ...{ cancelSignal: signal, killSignal: 'SIGKILL' },
  });
  if (isCanceled) signal.throwIfAborted();
  if (!failed) return;
  const notThere = /debootstrap: (?:command )?not found/.test(all);
  throw missing(
    notThere
      ? 'Making a base image needs debootstrap, which is not installed'
      : `A base image could not be made out of ${recipe.suite} packages:\n${lastLines(all, 5)}`,
    notThere ? 'Install it: `apt-get install debootstrap`. ' : '',
  );
}

async function readSources(): Promise<readonly SourcesFile[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = (await exists(folder)) ? (await readdir(folder)).sort() : [];
  const paths = ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))];
  const files = await Promise.all(
    paths
      .filter((path) => /\.(list|sources)$/.test(path))
      .map(async (name) => ({ name, text: (await readIfThere(name)) ?? '' })),
  );
  return files;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const missing = (message: string, remedy = ''): RunnerError =>
  new RunnerError('image-base-missing', `${message}.`, {
    hint: `${remedy}Or name a base image that the daemon has or can pull: \`runner image build --base IMAGE\`.`,
  });
