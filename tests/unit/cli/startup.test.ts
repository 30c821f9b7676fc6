import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const known = new Map<string, readonly string[]>();

/** What a module imports when it is loaded: neither types nor what it imports later. */
function importsOf(path: string): readonly string[] {
  const found = known.get(path) ?? readImports(path);
  known.set(path, found);
  return found;
}

function readImports(path: string): readonly string[] {
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const source = ts.createSourceFile(path, outputText, ts.ScriptTarget.ES2022);
  return source.statements.flatMap((statement) => {
    const isImport = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement);
    const from = isImport ? statement.moduleSpecifier : undefined;
    return from !== undefined && ts.isStringLiteral(from) ? [from.text] : [];
  });
}

/** The modules and packages that are loaded with a module. */
function loadedWith(entry: string): {
  readonly modules: readonly string[];
  readonly packages: readonly string[];
} {
  const [modules, packages, waiting] = [new Set([entry]), new Set<string>(), [entry]];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const imported of importsOf(path)) {
      if (!imported.startsWith('.')) packages.add(imported);
      else {
        const module = join(dirname(path), imported).replace(/\.js$/, '.ts');
        if (!modules.has(module)) waiting.push(module);
        modules.add(module);
      }
    }
  }
  return { modules: [...modules], packages: [...packages].filter((name) => !name.startsWith('node:')) };
}

it('help loads commander and small modules, and nothing that takes long', () => {
  const { modules, packages } = loadedWith('src/cli/main.ts');
  expect(packages).toEqual(['commander']);
  expect(modules.filter((module) => !module.startsWith('src/'))).toEqual([]);
  expect(modules.filter((module) => module.startsWith('src/cli/commands/'))).toEqual([]);
});

it.each([
  'train',
  'attach',
  'recover',
  'stop',
  'runs',
  'evaluate',
  'compare',
  'bench',
  'smoke',
  'doctor',
  'image',
  'gc',
  'warm',
  'engine',
])('the command %s loads no client of Docker, and no TensorFlow, before it needs one', (command) => {
  const { modules, packages } = loadedWith(`src/cli/commands/${command}.ts`);
  expect(packages.filter((name) => /docker|tensorflow|execa|tar/.test(name))).toEqual([]);
  expect(modules.filter((module) => /^(runtimes|src\/(engine|trainer|jobs))\//.test(module))).toEqual([]);
});
