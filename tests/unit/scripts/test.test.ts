import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/lib/checkout.mjs';

describe('npm test with arguments that are wrong', () => {
  it.each([
    [['--project', 'unti'], 'No projects matched the filter "unti".'],
    [['--bogus'], 'Unknown option `--bogus`'],
    [['tests/no-such-folder'], 'no test file matches'],
  ])('%j says so at once, and ends with its plain line all the same', async (args, why) => {
    const result = await execa(process.execPath, ['scripts/test.mjs', ...args], { cwd: ROOT, reject: false });
    expect(result).toMatchObject({
      exitCode: 2,
      stdout: '0 passed, 1 failed',
      stderr: `runner: npm test -- ${args.join(' ')}: ${why}`,
    });
    expect(existsSync(join(ROOT, args.at(-1)!)), 'a file was written in its place').toBe(false);
  });
});
