/**
 * The build context, as a tar that is made while it is sent: nothing is copied on this side. What was listed is what
 * goes in: every file is hashed on its way, and one that has changed since ends the build.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pack } from 'tar-stream';
import { RunnerError } from '../../../src/contract/errors.js';
import { ENGINE_MANIFEST } from '../../../src/engine/manifest.js';
import type { ImagePlan } from './plan.js';
import { locateTrainerFile } from './trainer-files.js';

/** Bytes read at once. */
const PIECE_BYTES = 1 << 20;
/** Times say nothing about contents, and would make equal layers differ. */
const EPOCH = new Date(0);
/** Modules of ours are ES modules; nothing else in the package's own manifest concerns the image. */
const APP_MANIFEST = '{ "type": "module" }\n';

export interface BuildContext {
  /** Of the files alone. */
  readonly bytes: number;
  readonly files: readonly ContextFile[];
}

export interface ContextFile {
  /** In the context. */
  readonly name: string;
  readonly mode: number;
  readonly content: Buffer | SourceFile;
}

interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  /** Hex; null where nobody vouches for it. */
  readonly sha256: string | null;
  /** The error if it is not what it was. */
  readonly changed: (why: string) => RunnerError;
}

/** @throws RunnerError `image-build-failed` if a file of the trainer is missing */
export async function contextOf(plan: ImagePlan): Promise<BuildContext> {
  const files = [...buildFiles(plan), ...appFiles(plan), ...(await engineFiles(plan))];
  return { bytes: files.reduce((sum, { content }) => sum + sizeOf(content), 0), files };
}

const sizeOf = (content: ContextFile['content']): number =>
  Buffer.isBuffer(content) ? content.length : content.bytes;

const buildFiles = ({ buildFiles: files }: ImagePlan): readonly ContextFile[] =>
  files.map(({ name, content }) => ({ name, mode: 0o644, content }));

function appFiles({ trainerFiles }: ImagePlan): readonly ContextFile[] {
  const manifest = { name: 'app/package.json', mode: 0o644, content: Buffer.from(APP_MANIFEST) };
  const files = trainerFiles.files.map(({ path: name, bytes, sha256 }) => {
    const path = locateTrainerFile(trainerFiles, name);
    if (path === undefined) throw trainerChanged(`${name} is not there`);
    return { name: `app/${name}`, mode: 0o644, content: { path, bytes, sha256, changed: trainerChanged } };
  });
  return [manifest, ...files];
}

async function engineFiles({ kind, engine }: ImagePlan): Promise<readonly ContextFile[]> {
  const folder = `engine-${kind}`;
  const manifest = await readFile(join(engine.dir, ENGINE_MANIFEST));
  return [
    { name: `${folder}/${ENGINE_MANIFEST}`, mode: 0o644, content: manifest },
    ...engine.files.map(({ path, bytes, sha256 }) => ({
      name: `${folder}/${path}`,
      mode: 0o755,
      content: { path: join(engine.dir, path), bytes, sha256, changed: engineChanged },
    })),
  ];
}

const trainerChanged = (why: string): RunnerError =>
  new RunnerError('image-build-failed', `The trainer's files are not those that were built: ${why}.`, {
    hint: 'Install the package anew; in a checkout, run `npm ci` and `npm run build`.',
  });

const engineChanged = (why: string): RunnerError =>
  new RunnerError('engine-corrupt', `The engine's files are not those that were built: ${why}.`);

interface FillOptions {
  readonly signal: AbortSignal;
  /** Told of each piece. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Fills a tar with the context's files.
 * @throws RunnerError `image-build-failed` or `engine-corrupt` if a file is not what it was when it was listed; the
 * signal's reason. The tar is destroyed then.
 */
export async function fillTar(tar: Pack, { files }: BuildContext, options: FillOptions): Promise<void> {
  // The same for the tar itself, which nobody may be reading yet.
  tar.on('error', () => undefined);
  try {
    for (const file of files) await add(tar, file, options);
    tar.finalize();
  } catch (error) {
    tar.destroy(error instanceof Error ? error : undefined);
    throw error;
  }
}

async function add(tar: Pack, { name, mode, content }: ContextFile, options: FillOptions): Promise<void> {
  options.signal.throwIfAborted();
  const header = { name, mode, mtime: EPOCH, uid: 0, gid: 0 };
  if (Buffer.isBuffer(content)) {
    tar.entry(header, content);
    options.onBytes(content.length);
    return;
  }
  const file = await open(content.path);
  try {
    const entry = tar.entry({ ...header, size: content.bytes });
    // Of a tar that was destroyed; why it was, whoever did it says.
    entry.on('error', () => undefined);
    await copy(file, content, entry, options);
  } finally {
    await file.close();
  }
}

/** The size in a tar comes before the contents, so the file has to keep to it. */
async function copy(
  file: FileHandle,
  { path, bytes, sha256, changed }: SourceFile,
  entry: ReturnType<Pack['entry']>,
  { signal, onBytes }: FillOptions,
): Promise<void> {
  const hash = createHash('sha256');
  let done = 0;
  for (;;) {
    // A buffer of its own for each piece: the tar may still hold the one before. One byte more would be too many.
    const space = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes - done + 1));
    const { bytesRead } = await file.read(space);
    signal.throwIfAborted();
    if (bytesRead === 0) break;
    done += bytesRead;
    if (done > bytes) throw changed(`${path} has grown`);
    const piece = space.subarray(0, bytesRead);
    hash.update(piece);
    if (!entry.write(piece)) await once(entry, 'drain', { signal });
    onBytes(bytesRead);
  }
  if (done < bytes) throw changed(`${path} has shrunk`);
  if (sha256 !== null && hash.digest('hex') !== sha256) throw changed(`${path} has other contents`);
  entry.end(null);
}
