import { dirname, join } from 'node:path';
import { MANIFEST_SCHEMA_VERSION, readManifest, type Manifest } from '../../common/artifact-manifest.js';
import { writeFileAtomic, writeJsonAtomic } from '../../common/atomic-file.js';
import { ContentHash } from '../../common/content-digest.js';
import { artifactPath, RUN_FILES } from '../../contract/run-directory.js';
import type { RunEventInput } from '../../contract/run-event.js';
import { makeDurableFolder } from '../durable-folder.js';

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

  /**
   * Goes on with the manifest that is there.
   * @throws RunnerError `run-corrupt` or `run-newer-schema`
   */
  static async open(runDir: string, emit: (event: RunEventInput) => void): Promise<ArtifactStore> {
    return new ArtifactStore(runDir, emit, (await readManifest(runDir)).files);
  }

  /**
   * @param path relative to artifacts/, with slashes
   * @throws RunnerError `disk-full`
   */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const target = join(this.#runDir, RUN_FILES.artifacts, path);
    await makeDurableFolder(dirname(target));
    await writeFileAtomic(target, content);
    const data = typeof content === 'string' ? Buffer.from(content) : content;
    const entry = new ContentHash().update(data).digest();
    this.#files = { ...this.#files, [path]: entry };
    const { bytes, sha256 } = entry;
    this.#emit({ type: 'artifact', path, bytes, sha256 });
  }

  async writeManifest(): Promise<void> {
    const manifest: Manifest = { schemaVersion: MANIFEST_SCHEMA_VERSION, files: this.#files };
    await writeJsonAtomic(artifactPath(this.#runDir, 'manifest'), manifest);
  }
}
