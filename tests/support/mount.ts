import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';

/** A file system of `size` in memory, mounted in an empty folder until disposed; `ro` makes it read-only. */
export const mountMemory = (test: TestContext, folder: string, options: string): Disposable =>
  mounted(test, folder, ['-t', 'tmpfs', '-o', `mode=700,uid=${id('u')},gid=${id('g')},${options}`, 'tmpfs']);

/** A folder made read-only until disposed. */
export const mountReadOnly = (test: TestContext, folder: string): Disposable =>
  mounted(test, folder, ['-o', 'bind,ro', folder]);

/**
 * Mounting takes root, and not every container lets it. Where it cannot be done the test is skipped with the reason;
 * with CI set, sudo is tried for it, and the test fails, so that no check is lost unseen.
 */
function mounted(test: TestContext, folder: string, args: readonly string[]): Disposable {
  const failure = asRoot('mount', [...args, folder]);
  if (failure === undefined) {
    return {
      [Symbol.dispose]: () => {
        const left = asRoot('umount', [folder]);
        if (left !== undefined) throw new Error(`${folder} is still mounted: ${left}`);
      },
    };
  }
  const reason = `no file system can be mounted here: ${failure}`;
  if (process.env.CI) throw new Error(reason);
  return test.skip(reason);
}

/** @returns why it failed */
function asRoot(command: string, args: readonly string[]): string | undefined {
  const sudo = process.env.CI && id('u') !== 0 ? ['sudo', '-n'] : [];
  const [program = command, ...rest] = [...sudo, command, ...args];
  const { status, stderr, error } = spawnSync(program, rest, { encoding: 'utf8' });
  if (status === 0) return undefined;
  const [line = ''] = stderr.split('\n');
  // Without the folder, whose name differs from test to test.
  return error?.message ?? line.replace(`${args.at(-1) ?? ''}: `, '');
}

const id = (kind: 'u' | 'g'): number => (kind === 'u' ? process.getuid?.() : process.getgid?.()) ?? 0;
