/**
 * `npm run package`: the tarball that users install, in the folder of the checkout. `npm pack` alone would leave the
 * compiled sources out, since dist/ is a link, and runs no `prepack` where scripts are ignored (.npmrc).
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, ROOT } from './lib/checkout.mjs';

const LOCKED = 'npm-shrinkwrap.json';
/** What the trainer's image is built with, beside the files that the build lists; and what a cluster is prepared with. */
const SOURCES = ['Dockerfile.trainer', 'docker', 'runtimes/kubernetes/manifests'];

requireNode();
ensureInstalled();
ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), 'runner-package-'));
try {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  manifest.files.push(...SOURCES);
  const [leftOut, taken] = [true, false].map((negated) =>
    manifest.files.filter((/** @type {string} */ name) => name.startsWith('!') === negated),
  );
  // npm heeds patterns among them, too; what they name outright may be large.
  const skipped = new Set(leftOut.map((/** @type {string} */ name) => join(ROOT, name.slice(1))));
  const filter = (/** @type {string} */ path) => !skipped.has(path);
  for (const name of taken) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true, dereference: true, filter });
  }
  copyTrainerModules();
  // For whoever installs from the folder itself; npm does not heed it in a tarball.
  cpSync(join(ROOT, 'package-lock.json'), join(folder, LOCKED));
  manifest.files.push(LOCKED);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const { status } = spawnSync('npm', ['pack', '--pack-destination', ROOT], {
    cwd: folder,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** npm may install other versions for the user; what goes into the trainer's image is always what was tested. */
function copyTrainerModules() {
  const { files } = JSON.parse(readFileSync(join(folder, 'dist', 'trainer-files.json'), 'utf8'));
  for (const { path } of files) {
    const [place, ...rest] = path.split('/');
    // Not by the name node_modules, which npm leaves out.
    if (place === 'node_modules') cpSync(join(ROOT, path), join(folder, 'dist', 'trainer-modules', ...rest));
  }
}
