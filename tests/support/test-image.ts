/** An image for containers that tests run programs of their own in: needs no registry and no build. */
import type Docker from 'dockerode';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';

/** Raised with any change of what is put in beside the files of this machine. */
const RECIPE = 1;
/** The image's user, and owner of /in, /out and /data. */
export const TEST_UID = 10001;
const DIGEST_LABEL = 'runner-test.digest';
/** From this machine, those that are there: for scripts. */
const PROGRAMS = [
  ...[
    'cat',
    'chmod',
    'chown',
    'cp',
    'dd',
    'df',
    'dirname',
    'echo',
    'env',
    'false',
    'head',
    'id',
    'kill',
    'ln',
  ],
  ...['ls', 'mkdir', 'mkfifo', 'mknod', 'mount', 'mv', 'printf', 'ps', 'pwd', 'rm', 'seq', 'sleep', 'stat'],
  ...['sync', 'tail', 'test', 'touch', 'tr', 'true', 'truncate', 'uname', 'unshare', 'wc', 'yes'],
];

/**
 * Imports it unless the daemon has it: this machine's Node, a shell and small programs, as user 10001 in /out.
 * @returns its name
 */
export async function importTestImage(docker: Docker): Promise<string> {
  const name = `runner-test/node:${process.versions.node}`;
  const files = filesOfImage();
  const digest = digestOf(files);
  if ((await labelOf(docker, name)) === digest) return name;
  const archive = pack();
  const [response] = await Promise.all([
    // Of streamx: all that is used of it, pipe, is the same.
    docker.importImage(archive as unknown as NodeJS.ReadableStream, {
      repo: 'runner-test/node',
      tag: process.versions.node,
      changes: [
        'ENV PATH=/usr/local/bin:/usr/bin:/bin',
        `USER ${TEST_UID}:${TEST_UID}`,
        'WORKDIR /out',
        `LABEL ${DIGEST_LABEL}=${digest}`,
      ],
    }),
    fill(archive, files),
  ]);
  response.resume();
  await new Promise((resolve, reject) => response.once('end', resolve).once('error', reject));
  if ((await labelOf(docker, name)) !== digest) throw new Error(`${name} could not be imported`);
  return name;
}

/** Path in the image → path here. */
type Files = ReadonlyMap<string, string>;

function filesOfImage(): Files {
  const files = new Map([
    ['/usr/local/bin/node', realpathSync(process.execPath)],
    ['/bin/sh', realpathSync('/bin/sh')],
  ]);
  for (const program of PROGRAMS) {
    const found = ['/usr/bin', '/bin'].map((folder) => `${folder}/${program}`).find(existsSync);
    if (found !== undefined) files.set(`/usr/bin/${program}`, realpathSync(found));
  }
  for (const library of librariesOf([...files.values()])) files.set(library, realpathSync(library));
  return files;
}

/** Paths under which the loader looks for them, the loader itself included. */
function librariesOf(programs: readonly string[]): ReadonlySet<string> {
  const output = execFileSync('ldd', programs, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return new Set([...output.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path]) => path!));
}

/** Over names, sizes and times: reading 100 MB each time would take longer than the test. */
function digestOf(files: Files): string {
  const hash = createHash('sha256').update(`${RECIPE}`);
  for (const [path, source] of files) {
    const { size, mtimeMs } = statSync(source);
    hash.update(`\0${path}\0${source}\0${size}\0${mtimeMs}`);
  }
  return hash.digest('hex');
}

async function labelOf(docker: Docker, name: string): Promise<string | undefined> {
  try {
    const { Config } = await docker.getImage(name).inspect();
    return (Config.Labels as Record<string, string> | null)?.[DIGEST_LABEL];
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

async function fill(archive: Pack, files: Files): Promise<void> {
  const folders = new Set(['/etc', ...[...files.keys()].flatMap(foldersOf)]);
  for (const name of [...folders].sort()) archive.entry({ name, type: 'directory', mode: 0o755 });
  for (const name of ['/in', '/out', '/data']) {
    archive.entry({ name, type: 'directory', mode: 0o755, uid: TEST_UID, gid: TEST_UID });
  }
  archive.entry({ name: '/tmp', type: 'directory', mode: 0o1777 });
  archive.entry({ name: '/root', type: 'directory', mode: 0o700 });
  archive.entry(
    { name: '/etc/passwd' },
    `root:x:0:0:root:/root:/bin/sh\ntrainer:x:${TEST_UID}:${TEST_UID}:trainer:/tmp:/bin/sh\n`,
  );
  archive.entry({ name: '/etc/group' }, `root:x:0:\ntrainer:x:${TEST_UID}:\n`);
  for (const [name, source] of files) {
    const entry = archive.entry({ name, size: statSync(source).size, mode: 0o755 });
    await pipeline(createReadStream(source), entry);
  }
  archive.finalize();
}

/** `/usr/local/bin/node` → `/usr`, `/usr/local`, `/usr/local/bin`. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === '/' ? [] : [...foldersOf(folder), folder];
}
