import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Imports go one way; each layer may import those named behind it (docs/architecture.md). */
const LAYERS = {
  './src/contract': [],
  './src/common': ['contract'],
  './src/engine/trace': ['contract', 'common'],
  './src/engine': ['contract', 'common'],
  './src/trainer': ['contract', 'common', 'engine'],
  './src/jobs': ['contract', 'common', 'engine'],
  './runtimes': ['contract', 'common', 'engine', 'trainer', 'jobs'],
  './src/orchestrator': ['contract', 'common'],
  './src/report': ['contract', 'common'],
};
const ALL = ['contract', 'common', 'engine', 'trainer', 'jobs', 'orchestrator', 'report', 'cli'];
const zones = Object.entries(LAYERS).flatMap(([target, allowed]) => {
  const own = target.split('/')[2];
  const banned = ALL.filter((layer) => layer !== own && !allowed.includes(layer)).map(
    (layer) => `./src/${layer}`,
  );
  if (target !== './runtimes') banned.push('./runtimes');
  return { target, from: banned, message: `${target} may import only: ${allowed.join(', ') || 'nothing'}.` };
});
// The traced step is a library of its own: it knows neither the rest of the engine nor the runner's tools.
zones.push({
  target: './src/engine/trace',
  from: './src/engine',
  except: ['./trace'],
  message: 'trace/ stands alone.',
});

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'runs', 'coverage'] },
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
    files: ['tests/**/*.ts', 'bench/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'max-lines': 'off' },
  },
);
