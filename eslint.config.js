import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import tseslint from 'typescript-eslint';

/** Imports go one way; each layer may import those named behind it (docs/architecture.md). */
const LAYERS = {
  './src/contract': [],
  './src/common': ['contract'],
  // The traced step is a library of its own: it knows neither the rest of the engine nor the runner's tools.
  './src/engine/trace': [],
  './src/engine': ['contract', 'common'],
  './src/trainer': ['contract', 'common', 'engine'],
  './src/jobs': ['contract', 'common', 'engine'],
  './src/isolation': ['contract', 'common'],
  './runtimes': ['contract', 'common', 'engine', 'trainer', 'jobs', 'isolation'],
  './src/orchestrator': ['contract', 'common', 'isolation'],
  './src/report': ['contract', 'common'],
  './src/tracking': ['contract', 'common'],
};
const ALL = [
  'contract',
  'common',
  'engine',
  'trainer',
  'jobs',
  'isolation',
  'tracking',
  'orchestrator',
  'report',
  'cli',
];
const zones = Object.entries(LAYERS).flatMap(([target, allowed]) => {
  const own = target.split('/')[2];
  const banned = ALL.filter((layer) => layer !== own && !allowed.includes(layer)).map(
    (layer) => `./src/${layer}`,
  );
  if (target !== './runtimes') banned.push('./runtimes');
  return { target, from: banned, message: `${target} may import only: ${allowed.join(', ') || 'nothing'}.` };
});
zones.push({
  target: './src/engine/trace',
  from: './src/engine',
  except: ['./trace'],
  message: 'trace/ stands alone.',
});
for (const { name } of readdirSync(join(import.meta.dirname, 'runtimes'), { withFileTypes: true })) {
  zones.push({
    target: `./runtimes/${name}`,
    from: './runtimes',
    except: [`./${name}`],
    message: 'A runtime knows no other.',
  });
}

export default tseslint.config(
  { ignores: ['dist', '.builds', 'node_modules', 'runs', 'coverage'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // The trainer's own composition root: it alone knows the jobs.
    files: ['src/trainer/main.ts'],
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        { zones: zones.filter(({ target }) => target !== './src/trainer') },
      ],
    },
  },
  {
    files: ['tests/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'max-lines': 'off' },
  },
  {
    // Without types; tsc checks those of scripts/ (checkJs).
    files: ['**/*.mjs', '**/*.js'],
    extends: [...tseslint.configs.strict, ...tseslint.configs.stylistic],
    languageOptions: {
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
    rules: {
      'no-undef': 'error',
      'no-unreachable': 'error',
      'no-dupe-keys': 'error',
      'no-constant-condition': 'error',
      'no-self-assign': 'error',
      'no-unsafe-finally': 'error',
      'no-fallthrough': 'error',
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
    },
  },
);
