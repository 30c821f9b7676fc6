import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunnerError } from '../../contract/errors.js';
import { lastLines } from '../../common/last-lines.js';
import { checkHash } from './check-hash.js';
import { type Provisioning, step } from './context.js';
import { DISK_FULL_HINT } from './disk-space.js';
import { findPip } from './find-tools.js';
import { runCommand, saysDiskFull } from './run-command.js';
import type { PinnedFile } from './wheels.js';

const LOOK_EVERY_MS = 200;

/**
 * Fetches the pinned wheel with the user's pip, so that its index, proxy, certificates and cache are obeyed.
 * @param dir an empty folder; pip's temporary files go there too
 * @returns path of the wheel, whose hash is the pinned one
 * @throws RunnerError `python-missing`, `download-failed`, `hash-mismatch` or `disk-full`
 */
export async function downloadWheel(
  wheel: PinnedFile,
  dir: string,
  provisioning: Provisioning,
): Promise<string> {
  const pip = await findPip(provisioning);
  const scratch = join(dir, 'pip');
  await mkdir(scratch);
  await step(provisioning, `Downloading ${wheel.title}`, async (report) => {
    const watch = setInterval(() => {
      void folderBytes(dir).then((bytes) => report(bytes / wheel.bytes));
    }, LOOK_EVERY_MS);
    try {
      const result = await runCommand([...pip.command, ...pipArguments(wheel, dir)], provisioning, {
        cwd: dir,
        env: { TMPDIR: scratch },
      });
      if (!result.ok) throw pipFailure(result.output, wheel);
    } finally {
      clearInterval(watch);
    }
  });
  await rm(scratch, { recursive: true, force: true });
  const path = join(dir, await downloadedName(dir, wheel));
  await checkHash(path, wheel, 'wheel that pip fetched', provisioning);
  return path;
}

export const pipArguments = ({ project, version, tags }: PinnedFile, dir: string): readonly string[] => [
  'download',
  ...['--no-deps', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'],
  ...['--only-binary', ':all:'],
  ...['--implementation', tags.implementation, '--python-version', tags.pythonVersion],
  ...['--abi', tags.abi, '--platform', tags.platform],
  ...['--dest', dir],
  `${project}==${version}`,
];

const NO_CONNECTION =
  /NewConnectionError|ConnectTimeout|ReadTimeout|Connection refused|Temporary failure in name resolution|Name or service not known|Network is unreachable|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|Connection broken|ConnectionResetError|Max retries exceeded/;

/** pip says "no matching distribution" also when it reached no index at all: only its warnings tell. */
export function pipFailure(output: string, { project, version, fileName }: PinnedFile): RunnerError {
  const words = lastLines(output, 3);
  if (saysDiskFull(output)) {
    return new RunnerError('disk-full', `pip cannot write ${fileName}: no space is left.\n${words}`, {
      hint: DISK_FULL_HINT,
    });
  }
  const what = NO_CONNECTION.test(output)
    ? 'pip could not reach the Python index'
    : output.includes('No matching distribution found')
      ? `The Python index has no ${project} ${version} for this platform (${fileName})`
      : `pip could not fetch ${project} ${version}`;
  return new RunnerError('download-failed', `${what}. Its last words:\n${words || '(none)'}`);
}

async function downloadedName(dir: string, { fileName }: PinnedFile): Promise<string> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.whl'));
  if (names.length === 1 && names[0] !== undefined) return names[0];
  throw new RunnerError('download-failed', `pip succeeded but left no wheel; ${fileName} was expected.`);
}

/** Bytes of all files below a folder that others write to: what vanishes meanwhile counts nothing. */
async function folderBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
