import type { Reporter, TestCase } from 'vitest/node';

/** Names what the machine lacks for the tests that were skipped, once each. */
export default class SkipReasons implements Reporter {
  readonly #counts = new Map<string, number>();

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state !== 'skipped' || result.note === undefined) return;
    this.#counts.set(result.note, (this.#counts.get(result.note) ?? 0) + 1);
  }

  onTestRunEnd(): void {
    for (const [reason, count] of this.#counts) console.log(`${count} skipped: ${reason}`);
  }
}
