/**
 * `node bundle-packages.mjs BUILD` writes packages of many small modules into BUILD/packages, each as one file, and has the
 * build's own modules import these. zod alone has a hundred, two thirds of them its messages in other languages: loading
 * them one by one takes a command, and every trainer, longer than all that it does with them (docs/performance.md).
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT } from './paths.mjs';

/**
 * What the sources import of them.
 * @type {Readonly<Record<string, string>>}
 */
const EXPORTS = { zod: '{ z }', 'tar-stream': '{ extract, pack }' };
/** As tsc writes them. */
const IMPORTS = new RegExp(`(?<=\\bfrom |\\bimport\\()'(${Object.keys(EXPORTS).join('|')})'`, 'g');

const [, , build] = process.argv;
if (build === undefined) throw new Error('usage: bundle-packages.mjs BUILD');
await bundlePackages(build);

async function bundlePackages(/** @type {string} */ build) {
  const paths = readdirSync(build, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js'),
  );
  const folder = join(build, 'packages');
  /** @type {Set<string>} */
  const used = new Set();
  for (const path of paths.map((path) => join(build, path))) {
    const text = readFileSync(path, 'utf8');
    const bundled = text.replaceAll(IMPORTS, (_, name) => {
      used.add(name);
      const file = relative(dirname(path), join(folder, `${name}.js`));
      return `'${file.startsWith('.') ? '' : './'}${file.split(sep).join('/')}'`;
    });
    if (bundled !== text) writeFileSync(path, bundled);
  }
  mkdirSync(folder, { recursive: true });
  for (const name of used) writeFileSync(join(folder, `${name}.js`), await bundleOf(name));
}

/** @returns the text of a module */
async function bundleOf(/** @type {string} */ name) {
  /** @type {Readonly<Record<string, string>>} */
  const madeUp = { entry: `export ${EXPORTS[name]} from '${name}';`, 'no-locales': 'export {};' };
  const bundle = await rolldown({
    ...{ input: 'entry', cwd: ROOT, platform: 'node' },
    // A module that it cannot find would be one to be found when the build runs.
    onLog: (level, { message }) => {
      if (level === 'warn') throw new Error(`${name}: ${message}`);
    },
    plugins: [
      {
        name: 'made-up-modules',
        // zod has its messages in English from elsewhere.
        resolveId: (id) => (id.endsWith('/locales/index.js') ? 'no-locales' : id in madeUp ? id : null),
        load: (id) => madeUp[id] ?? null,
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  const [{ code, moduleIds, imports }, ...others] = output;
  if (others.length > 0 || !imports.every((id) => isBuiltin(id))) {
    throw new Error(
      `${name} does not fit into one file: it needs ${[...others.map(({ fileName }) => fileName), ...imports].join(', ')}`,
    );
  }
  return `${licensesOf(moduleIds)}\n${code}`;
}

/** Of all packages that the modules are of, which the bundle may be handed on with only. */
function licensesOf(/** @type {readonly string[]} */ modules) {
  const folders = modules.flatMap(
    (path) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path) ?? [],
  );
  const texts = [...new Set(folders)].map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const text = file === undefined ? license : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version}\n\n${text}`;
  });
  return `/*!\n${texts.join('\n\n').replaceAll('*/', '* /')}\n*/`;
}
