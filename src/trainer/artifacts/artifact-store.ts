import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic, writeJsonAtomic } from '../../common/atomic-file.js';
import { isErrno } from '../../common/errors.js';
import { artifactPath, RUN_FILES } from '../../contract/run-directory.js';
import type { RunEventInput } from '../../contract/run-event.js';

const manifestSchema = z.object({
  schemaVersion: z.literal(1),
  files: z.record(z.string(), z.object({ bytes: z.int().min(0), sha256: z.string() })),
});
type Manifest = z.infer<typeof manifestSchema>;

/** The artifacts of one run. Each is told as an event and entered in the manifest once it is whole. */
export class ArtifactStore {
  readonly #runDir: string;
  readonly #emit: (event: RunEventInput) => void;
  #files: Manifest['files'];

  private constructor(runDir: string, emit: (event: RunEventInput) => void, files: Manifest['files']) {
    this.#runDir = runDir;
    this.#emit = emit;
    this.#files = files;
  }

  /** Goes on with the manifest that is there. */
  static async open(runDir: string, emit: (event: RunEventInput) => void): Promise<ArtifactStore> {
    return new ArtifactStore(runDir, emit, (await readManifest(runDir)).files);
  }

  /** @param path relative to artifacts/, with slashes */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const target = this.#pathOf(path);
    await mkdir(dirname(target), { recursive: true });
    await writeFileAtomic(target, content);
    this.#enter(path, Buffer.from(content));
  }

  /** Enters every file of a folder that somebody else has written, in the order of their names. */
  async addFolder(folder: string): Promise<void> {
    const entries = await readdir(this.#pathOf(folder), { withFileTypes: true, recursive: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const file of files) {
      const relative = file.slice(this.#pathOf(folder).length + 1).replaceAll('\\', '/');
      this.#enter(posix.join(folder, relative), await readFile(file));
    }
  }

  /** Absolute path of a folder that somebody else will write to; made here. */
  async makeFolder(path: string): Promise<string> {
    const folder = this.#pathOf(path);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  async writeManifest(): Promise<void> {
    const manifest: Manifest = { schemaVersion: 1, files: this.#files };
    await writeJsonAtomic(artifactPath(this.#runDir, 'manifest'), manifest);
  }

  #enter(path: string, content: Uint8Array): void {
    const entry = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    this.#files = { ...this.#files, [path]: entry };
    this.#emit({ type: 'artifact', path, ...entry });
  }

  #pathOf(path: string): string {
    return join(this.#runDir, RUN_FILES.artifacts, path);
  }
}

async function readManifest(runDir: string): Promise<Manifest> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(artifactPath(runDir, 'manifest'), 'utf8')));
  } catch (error) {
    // A run's first artifact: the manifest is written when all are there.
    if (isErrno(error, 'ENOENT')) return { schemaVersion: 1, files: {} };
    throw error;
  }
}
