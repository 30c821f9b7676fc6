import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Names the file that the summary goes to. Without it, the reasons for which tests were skipped are printed. */
const DESTINATION = 'RUNNER_TEST_SUMMARY';

/** What `npm test` adds up over all that it runs: written as JSON. */
export interface Summary {
  readonly passed: number;
  /** A file that could not be loaded, and an error outside of any test, count as one each. */
  readonly failed: readonly Failure[];
  /** How many, by what the machine lacks for them. */
  readonly skipped: Readonly<Record<string, number>>;
}

export interface Failure {
  readonly name: string;
  /** What was expected and what came, without colours. */
  readonly why: string;
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const summary = summarize(modules, unhandled);
    const destination = process.env[DESTINATION];
    if (destination !== undefined) writeFileSync(destination, JSON.stringify(summary));
    else for (const [why, count] of Object.entries(summary.skipped)) console.log(`${count} skipped: ${why}`);
  }
}

function summarize(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Summary {
  const [failed, skipped]: [Failure[], Record<string, number>] = [[], {}];
  let passed = 0;
  for (const module of modules) {
    const before = failed.length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') passed += 1;
      if (result.state === 'failed')
        failed.push({ name: `${module.relativeModuleId} > ${test.fullName}`, why: tell(result.errors) });
      if (result.state === 'skipped' && result.note !== undefined)
        skipped[result.note] = (skipped[result.note] ?? 0) + 1;
    }
    if (module.state() === 'failed' && failed.length === before)
      failed.push({ name: module.relativeModuleId, why: tell(module.errors()) });
  }
  const outside = unhandled.map((error) => ({ name: 'an error outside of any test', why: tell([error]) }));
  return { passed, failed: [...failed, ...outside], skipped };
}

/** What vitest knows of an error. */
interface Told extends SerializedError {
  readonly diff?: string;
}

/** With the place in the test, where there is one. */
function tell(errors: readonly Told[]): string {
  const told = errors.flatMap(({ message, diff, stacks }) => {
    const places = (stacks ?? []).slice(0, 1).map(({ file, line }) => `at ${relative('', file)}:${line}`);
    return [message, ...(diff === undefined ? [] : [diff]), ...places];
  });
  return stripVTControlCharacters(told.join('\n'));
}
