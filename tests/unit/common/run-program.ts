/** Programs of the tests' own, in TypeScript and run as processes: what several of them do at once, and kill -9. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams, SpawnOptionsWithoutStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { temporaryDirectory } from './temporary-directory.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

export interface Program extends Disposable {
  /** The compiled file, for a thread. */
  readonly path: string;
  run(args?: readonly string[], options?: SpawnOptionsWithoutStdio): Running;
}

/**
 * Compiles a program and what it imports of the checkout, without a look at types, into a folder of its own; the
 * folder goes with `using`, and with it every process that still runs.
 * @param path relative to the test; @param from its `import.meta.url`
 */
export function compileProgram(path: string, from: string): Program {
  const directory = temporaryDirectory();
  const running: Running[] = [];
  const entry = compile(fileURLToPath(new URL(path, from)), directory.path);
  symlinkSync(join(ROOT, 'node_modules'), join(directory.path, 'node_modules'));
  writeFileSync(join(directory.path, 'package.json'), '{"type":"module"}');
  return {
    path: entry,
    run: (args = [], options = {}) => {
      const child = spawn(process.execPath, [entry, ...args], {
        env: { PATH: process.env.PATH },
        ...options,
      });
      running.push({ child, ended: untilEnd(child) });
      return running.at(-1)!;
    },
    [Symbol.dispose]: () => {
      for (const { child } of running) child.kill('SIGKILL');
      directory[Symbol.dispose]();
    },
  };
}

function compile(entry: string, into: string): string {
  const targetOf = (path: string): string => join(into, relative(ROOT, path)).replace(/\.ts$/, '.js');
  const [found, waiting] = [new Set([entry]), [entry]];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = readFileSync(path, 'utf8');
    const { outputText } = ts.transpileModule(text, { compilerOptions });
    mkdirSync(dirname(targetOf(path)), { recursive: true });
    writeFileSync(targetOf(path), outputText);
    // Of what was compiled: imports of types are gone.
    for (const { fileName } of ts.preProcessFile(outputText).importedFiles) {
      if (!fileName.startsWith('.')) continue;
      const imported = join(dirname(path), fileName).replace(/\.js$/, '.ts');
      if (!found.has(imported)) waiting.push(imported);
      found.add(imported);
    }
  }
  return targetOf(entry);
}

async function untilEnd(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** Until the program has printed this: what it has printed since the call. */
export async function untilPrinted({ child, ended }: Running, words: RegExp): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = '';
    const take = (more: string): void => {
      text += more;
      if (!words.test(text)) return;
      child.stdout.off('data', take);
      resolve(text);
    };
    child.stdout.on('data', take);
    void ended.then((end) => {
      reject(new Error(`It ended before it said ${String(words)}: ${JSON.stringify(end)}`));
    });
  });
}
