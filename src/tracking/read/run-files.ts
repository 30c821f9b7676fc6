/** The files of one run, taken out of its artifacts and read as what they are to be. */
import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { toRunnerError } from '../../common/errors.js';
import { toJson } from '../../common/json.js';
import { readManifest, type Manifest } from '../../common/artifact-manifest.js';
import type { RunnerError } from '../../contract/errors.js';
import { ARTIFACT_FILES, RUN_FILES, artifactPath, runPath } from '../../contract/run-directory.js';
import type { ArtifactSource } from '../artifacts/artifact-source.js';
import { LOGS_FOLDER } from '../artifacts/collect-files.js';
import type { StorePatience } from '../artifacts/store-retry.js';
import { download, type Download } from './download.js';
import { notWhole, unreadable } from './not-whole.js';
import type { RecordedRun } from './recorded-runs.js';

export interface FetchOptions {
  readonly source: ArtifactSource;
  readonly patience: StorePatience;
  /** Gets the run directory. */
  readonly runsDir: string;
  readonly signal: AbortSignal;
}

type Log = 'outcome' | 'spec' | 'events';
type Limits = Pick<Download, 'mostBytes' | 'expected'>;

const MIB = 1024 * 1024;

export class RunFiles {
  readonly runDir: string;

  constructor(
    private readonly run: RecordedRun,
    private readonly options: FetchOptions,
  ) {
    this.runDir = join(options.runsDir, run.runId);
  }

  /** @throws RunnerError `tracking-incomplete` if it is missing or too large; what the store throws */
  async takeLog(name: Log, mostBytes: number): Promise<void> {
    const path = logPath(name);
    if (!(await this.#take(path, runPath(this.runDir, name), { mostBytes }))) throw this.#missing(path);
  }

  /** @throws as `takeLog` */
  async takeManifest(mostBytes: number, { required }: { readonly required: boolean }): Promise<void> {
    const path = ARTIFACT_FILES.manifest;
    const taken = await this.#take(path, artifactPath(this.runDir, 'manifest'), { mostBytes });
    if (!taken && required) throw this.#missing(path);
  }

  /** An artifact that the manifest has; nothing where it has none. @throws as `takeLog`, and if it is another */
  async takeArtifact(name: 'evaluation' | 'predictions', mostBytes: number): Promise<void> {
    const path = ARTIFACT_FILES[name];
    const { files } = await this.#manifest();
    const expected = files[path];
    if (expected === undefined) return;
    const taken = await this.#take(path, artifactPath(this.runDir, name), { mostBytes, expected });
    if (!taken) throw this.#missing(path);
  }

  async write(name: 'request', value: unknown): Promise<void> {
    const path = runPath(this.runDir, name);
    try {
      await writeFile(path, `${toJson(value, 2)}\n`);
    } catch (error) {
      throw toRunnerError(error, path);
    }
  }

  /** Reads a log that was taken. @throws RunnerError `tracking-incomplete` or `run-newer-schema`, by where it came from */
  readLog<T>(name: Log, read: () => Promise<T>): Promise<T> {
    return this.#read({ file: runPath(this.runDir, name), path: logPath(name) }, read);
  }

  /** @param why what a log is, to follow its name */
  wrongLog(name: Log, why: string): RunnerError {
    return notWhole(this.run, this.options.source, logPath(name), why);
  }

  #manifest(): Promise<Manifest> {
    const file = artifactPath(this.runDir, 'manifest');
    return this.#read({ file, path: ARTIFACT_FILES.manifest }, () => readManifest(this.runDir));
  }

  /** @returns false if there is none */
  async #take(path: string, target: string, limits: Limits): Promise<boolean> {
    const { source, signal, patience } = this.options;
    const taken = await download(source, { path, target, ...limits }, { signal, patience });
    switch (taken) {
      case 'whole':
        return true;
      case 'missing':
        return false;
      case 'too-large':
        throw this.#wrong(path, `is larger than the ${limits.mostBytes / MIB} MiB that are read`);
      case 'other':
        throw this.#wrong(path, 'is not what the manifest of the run says: its size or sha256 differs');
    }
  }

  async #read<T>(
    where: { readonly file: string; readonly path: string },
    read: () => Promise<T>,
  ): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw unreadable(this.run, this.options.source, where, error);
    }
  }

  #missing(path: string): RunnerError {
    return this.#wrong(path, 'is missing');
  }

  #wrong(path: string, why: string): RunnerError {
    return notWhole(this.run, this.options.source, path, why);
  }
}

const logPath = (name: Log): string => posix.join(LOGS_FOLDER, RUN_FILES[name]);
