/** What a trainer may leave in its results. Anything else rejects them as a whole: nothing is skipped or mended. */
import type { Header } from 'tar-stream';
import { RunnerError } from '../../contract/errors.js';
import { faultOfPath, foldPath, showPath } from './entry-name.js';

export interface CollectLimits {
  /** Of all files together. */
  readonly maxBytes: number;
  /** Files and folders; 10,000 by default. */
  readonly maxEntries?: number;
  /** Folders within one another, the file in them included; 16 by default. */
  readonly maxDepth?: number;
}

export interface CheckOptions {
  /** Name of the folder that the archive wraps everything in. */
  readonly top: string;
  /** What may lie directly in it. */
  readonly allow: readonly string[];
  /** What else may lie directly in it, and is left there. */
  readonly ignore?: RegExp | undefined;
  readonly limits: CollectLimits;
}

export interface CheckedEntry {
  readonly type: 'file' | 'directory';
  /** Relative to the top folder, whose own it is where it is empty. */
  readonly path: string;
  /** 0 for a folder. */
  readonly bytes: number;
  readonly isIgnored: boolean;
}

/** Those with which Docker tells what does not fit in a plain header. Sparse files and attributes are none of them. */
const PAX_KEYS = ['path', 'size', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'uname', 'gname'];

const KINDS: Readonly<Record<string, string>> = {
  link: 'a hard link',
  symlink: 'a symbolic link',
  fifo: 'a named pipe',
  'character-device': 'a device',
  'block-device': 'a device',
};

const DEFAULT_MAX_ENTRIES = 10_000;
const DEFAULT_MAX_DEPTH = 16;

/** Judges the entries of one archive in their order, each by its header alone and by those before it. */
export class ArchiveCheck {
  readonly #options: CheckOptions;
  readonly #folders = new Set<string>();
  /** By folded path. */
  readonly #seen = new Map<string, string>();
  #bytes = 0;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  /** @throws RunnerError `artifact-rejected` naming the entry */
  check(header: Header): CheckedEntry {
    const type = this.#typeOf(header);
    const path = this.#pathOf(header, type);
    const isIgnored = this.#admit(header.name, path);
    if (type === 'directory') {
      if (header.size !== 0) throw rejected(header.name, 'is a folder with a content');
      this.#folders.add(path);
      return { type, path, bytes: 0, isIgnored };
    }
    return { type, path, bytes: this.#admitBytes(header), isIgnored };
  }

  /** @throws RunnerError `artifact-rejected` if there was no entry at all */
  end(): void {
    if (this.#seen.size === 0) throw new RunnerError('artifact-rejected', 'The results are no folder.');
  }

  #typeOf(header: Header): 'file' | 'directory' {
    const { name, type, pax } = header;
    // What tar-stream does not know has no type.
    if (type !== 'file' && type !== 'directory') {
      throw rejected(name, `is ${KINDS[type] ?? 'of an unknown kind'}`);
    }
    // tar-stream merges those of the entry with those for all entries.
    const foreign = Object.keys(pax ?? {}).find((key) => !PAX_KEYS.includes(key));
    if (foreign !== undefined) throw rejected(name, `has the attribute ${showPath(foreign)}`);
    return type;
  }

  #pathOf({ name }: Header, type: CheckedEntry['type']): string {
    const { top, limits } = this.#options;
    const full = type === 'directory' && name.endsWith('/') ? name.slice(0, -1) : name;
    const fault = faultOfPath(full);
    if (fault !== undefined) throw rejected(name, fault);
    if (full === top && type === 'directory') return '';
    if (this.#seen.size === 0) throw rejected(name, 'is no folder');
    if (!full.startsWith(`${top}/`)) throw rejected(name, 'lies outside of the results');
    const path = full.slice(top.length + 1);
    const { maxDepth = DEFAULT_MAX_DEPTH } = limits;
    if (path.split('/').length > maxDepth) throw rejected(name, `lies deeper than ${maxDepth} folders`);
    return path;
  }

  /** @returns whether it is to be left where it is */
  #admit(name: string, path: string): boolean {
    const { allow, ignore, limits } = this.#options;
    const { maxEntries = DEFAULT_MAX_ENTRIES } = limits;
    const same = this.#seen.get(foldPath(path));
    if (same === path) throw rejected(name, 'comes twice');
    if (same !== undefined) throw rejected(name, `has the name of ${showPath(same)} but for case or accents`);
    this.#seen.set(foldPath(path), path);
    if (path === '') return false;
    // Without the top folder.
    if (this.#seen.size - 1 > maxEntries)
      throw rejected(name, `is one more than ${maxEntries} files and folders`);
    const [first = ''] = path.split('/');
    const isIgnored = !allow.includes(first) && ignore?.test(first) === true;
    if (!isIgnored && !allow.includes(first)) {
      throw rejected(name, `is none of the results (${allow.join(', ')})`);
    }
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    if (!this.#folders.has(folder)) throw rejected(name, 'lies in no folder of the results');
    return isIgnored;
  }

  #admitBytes({ name, size }: Header): number {
    const { maxBytes } = this.#options.limits;
    const left = maxBytes - this.#bytes;
    if (size > left) {
      throw rejected(
        name,
        `has ${size} bytes; all results together may have ${maxBytes}, of which ${left} were left`,
      );
    }
    this.#bytes += size;
    return size;
  }
}

const rejected = (name: string, fault: string): RunnerError =>
  new RunnerError('artifact-rejected', `The trainer's results were rejected: ${showPath(name)} ${fault}.`);
