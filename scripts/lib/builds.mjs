/**
 * Builds of the checkout. Each lies in a folder named after its sources' contents, and `dist` is a link to the current
 * one. Node resolves the link when a process starts, and so does every import that the process makes later: a run of
 * hours keeps its own build, whatever is compiled meanwhile.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { withLock } from './lock.mjs';
import { BUILDS, CLI, DIST, ROOT } from './paths.mjs';

const FOLDERS = ['src', 'runtimes'];
/** The lockfile, since a build has packages in it, and lists the files of packages that go into the trainer's image. */
const FILES = [
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
  'scripts/lib/bundle-packages.mjs',
];
/** Builds that were not current for so long are deleted: no run is older. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/**
 * Makes the build of the sources as they are the current one.
 * @param {(folder: string) => void} compile fills an empty folder, or does not return: only a build without an error
 *   is ever made current
 */
export function makeCurrent(compile) {
  if (isCurrent()) return;
  withLock(() => {
    let name = hashOfSources();
    while (!existsSync(join(BUILDS, name))) {
      const draft = join(BUILDS, `draft-${process.pid}`);
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft);
      compile(draft);
      const after = hashOfSources();
      if (after === name) renameSync(draft, join(BUILDS, name));
      // Edited meanwhile: nobody can say what was compiled.
      else rmSync(draft, { recursive: true, force: true });
      name = after;
    }
    link(name);
    removeOld(name);
  });
}

function isCurrent() {
  return linked() === hashOfSources() && existsSync(CLI);
}

/** Name of the current build. */
function linked() {
  const found = lstatSync(DIST, { throwIfNoEntry: false });
  return found?.isSymbolicLink() ? basename(readlinkSync(DIST)) : undefined;
}

/** In one step: there is no moment without a current build. */
function link(/** @type {string} */ name) {
  const before = linked();
  // The time says when a build was last current.
  for (const used of [before, name]) {
    if (used !== undefined && existsSync(join(BUILDS, used))) touch(join(BUILDS, used));
  }
  // A folder is in the way in checkouts from the time before builds, and after `tsc --outDir dist`.
  if (before === undefined) rmSync(DIST, { recursive: true, force: true });
  const draft = join(BUILDS, `link-${process.pid}`);
  rmSync(draft, { force: true });
  symlinkSync(relative(ROOT, join(BUILDS, name)), draft);
  renameSync(draft, DIST);
}

/** Drafts too: those of builds that failed or were interrupted. */
function removeOld(/** @type {string} */ current) {
  for (const name of readdirSync(BUILDS)) {
    const path = join(BUILDS, name);
    if (name === current || Date.now() - lstatSync(path).mtimeMs < KEPT_MS) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

function touch(/** @type {string} */ path) {
  const now = new Date();
  utimesSync(path, now, now);
}

function hashOfSources() {
  const hash = createHash('sha256');
  const add = (/** @type {string} */ path) => {
    const content = readFileSync(join(ROOT, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  };
  const addFolder = (/** @type {string} */ path) => {
    const entries = readdirSync(join(ROOT, path), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isDirectory()) addFolder(`${path}/${entry.name}`);
      // No editor's hidden files.
      else if (!entry.name.startsWith('.')) add(`${path}/${entry.name}`);
    }
  };
  FOLDERS.forEach(addFolder);
  FILES.forEach(add);
  return hash.digest('hex').slice(0, 16);
}
