import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedTables, insertTable } from '../../../src/cli/reference.js';
import { EXIT, ERRORS } from '../../../src/contract/errors.js';
import { reasonOfError } from '../../../src/contract/reason.js';
import { ARTIFACT_FILES, RUN_FILES, RUN_ID_PATTERN } from '../../../src/contract/run-directory.js';
import { runEventSchema } from '../../../src/contract/run-event.js';
import {
  OUTCOME_SCHEMA_VERSION,
  resourcesSchema,
  RUN_REASONS,
  RUN_STATUSES,
  runOutcomeSchema,
  trainingResultSchema,
} from '../../../src/contract/run-outcome.js';
import { RUN_MODES, runSpecSchema, SPEC_SCHEMA_VERSION } from '../../../src/contract/run-spec.js';
import { mnistCnn } from '../../../src/jobs/mnist-cnn/index.js';

const read = (path: string): string => readFileSync(path, 'utf8');

describe.each(generatedTables(mnistCnn))('the table "$name" in $path', (table) => {
  it('is what the code says; if not: npm run build && npm run docs', () => {
    const document = read(table.path);
    expect(document).toBe(insertTable(document, table));
  });

  it('needs its markers', () => {
    expect(() => insertTable('# Nothing', table)).toThrow(`${table.path} lacks the markers`);
  });
});

it('docs/errors.md names every exit status and the reason of every code', () => {
  const document = read('docs/errors.md');
  for (const status of Object.values(EXIT)) expect(document).toMatch(new RegExp(`^\\| ${status} `, 'm'));
  const reasons = document.slice(document.indexOf('## Reasons'));
  for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
    const reason = reasonOfError(code);
    const row = reasons.split('\n').find((line) => line.includes(`\`${code}\``) && line.startsWith('|'));
    if (reason === 'exception') expect(row, code).toBeUndefined();
    else expect(row, code).toContain(`| \`${reason}\``);
  }
});

describe('docs/run-directory.md', () => {
  const document = read('docs/run-directory.md');
  const keys = (schema: { readonly shape: object }): string[] => Object.keys(schema.shape);
  /** Up to the next heading; the first section is what stands before all others. */
  const section = (heading: string): string =>
    document.split(/^## /m).find((text, index) => (heading === '' ? index === 0 : text.startsWith(heading)))!;
  const row = (heading: string, name: string): string | undefined =>
    section(heading)
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\` `));

  it.each([
    ['file', '', Object.values(RUN_FILES)],
    ['artifact', 'artifacts/', Object.values(ARTIFACT_FILES)],
    ['member of the spec', 'spec.json', keys(runSpecSchema)],
    ['event', 'events.ndjson', runEventSchema.options.map(({ shape }) => shape.type.value)],
    ['member of the outcome', 'outcome.json', [runOutcomeSchema, trainingResultSchema].flatMap(keys)],
  ])('has a row for every %s', (_kind, heading, names) => {
    for (const name of names) expect(row(heading, name), name).toBeDefined();
  });

  const COMMON = ['seq', 't', 'type'];
  const { hyperparameters, engine, data } = runSpecSchema.shape;
  it.each<readonly [string, string, readonly string[]]>([
    ['hyperparameters', 'spec.json', keys(hyperparameters)],
    ['engine', 'spec.json', keys(engine)],
    ['data', 'spec.json', keys(data)],
    ['resources', 'outcome.json', keys(resourcesSchema)],
    ['status', 'outcome.json', RUN_STATUSES],
    ['mode', 'spec.json', RUN_MODES],
    ...runEventSchema.options.map(({ shape }) => {
      const own = Object.keys(shape).filter((member) => !COMMON.includes(member));
      return [shape.type.value, 'events.ndjson', own] as const;
    }),
  ])('says in the row of %s what it holds', (name, heading, members) => {
    for (const member of members) expect(row(heading, name), member).toContain(`\`${member}\``);
  });

  it('names what every event has, and every reason', () => {
    for (const name of COMMON) expect(section('events.ndjson')).toContain(`\`${name}\``);
    for (const name of RUN_REASONS) expect(section('outcome.json')).toContain(`\`${name}\``);
  });

  it('gives the versions of the schemas and the pattern of run ids', () => {
    expect(document).toContain(`spec.json has schema version ${SPEC_SCHEMA_VERSION}`);
    expect(document).toContain(`outcome.json has schema version ${OUTCOME_SCHEMA_VERSION}`);
    expect(document).toContain(RUN_ID_PATTERN.source);
  });
});
