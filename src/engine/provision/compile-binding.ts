import { existsSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunnerError } from '../../contract/errors.js';
import { lastLines } from '../../common/last-lines.js';
import { NODE_API_VERSION } from '../cache.js';
import { BINDING_FILE, LIBRARY_LINK, LOG_LEVEL_FILE, SESSION_CONFIG_FILE } from '../find-engine.js';
import { nodeApiHeaders, tfjsNodeFolder } from '../packages.js';
import { type Provisioning, step } from './context.js';
import { DISK_FULL_HINT } from './disk-space.js';
import type { Tool } from './find-tools.js';
import type { Library } from './library.js';
import { ABSEIL_OPTIONS, LOG_LEVEL_SOURCE } from './log-level-source.js';
import { runCommand, saysDiskFull } from './run-command.js';
import { SESSION_CONFIG_SOURCE } from './session-config-source.js';

const SOURCES = ['tfjs_backend', 'tfjs_binding'] as const;
const IS_MACOS = process.platform === 'darwin';

/**
 * Compiles tfjs-node's binding against a library into a folder that has a link to it (`lib`).
 * @throws RunnerError `compile-failed` with the compiler's last lines, or `disk-full`
 */
export async function compileBinding(
  dir: string,
  { library, compiler, provisioning }: { library: Library; compiler: Tool; provisioning: Provisioning },
): Promise<{ readonly logLevel: boolean }> {
  const scratch = join(dir, 'scratch');
  await mkdir(scratch);
  const compile = (...args: readonly string[]) =>
    runCommand([...compiler.command, '-O2', '-std=c++17', '-fPIC', ...args], provisioning, {
      cwd: dir,
      // pip's relative, for the same reason: what is killed halfway leaves its files where we clean.
      env: { TMPDIR: scratch, LC_ALL: 'C' },
    });
  const mustCompile = async (...args: readonly string[]): Promise<void> => {
    const { ok, output } = await compile(...args);
    if (!ok) throw compileFailure(output, compiler);
  };
  const includes = [nodeApiHeaders(), tfjsNodeFolder(), library.includeDir].map((folder) => `-I${folder}`);
  const defines = [`-DNAPI_VERSION=${NODE_API_VERSION}`];

  return step(provisioning, 'Compiling the binding', async () => {
    const objects = SOURCES.map((name) => join('scratch', `${name}.o`));
    const [logLevel] = await Promise.all([
      compileLogLevel(),
      ...(provisioning.variant === 'gpu' ? [compileSessionConfig()] : []),
      ...SOURCES.map((name, index) =>
        mustCompile(
          ...[...includes, ...defines, '-c', join(tfjsNodeFolder(), 'binding', `${name}.cc`)],
          ...['-o', objects[index] ?? ''],
        ),
      ),
    ]);
    await mustCompile('-shared', '-pthread', '-o', BINDING_FILE, ...objects, ...(await linkArguments()));
    await rm(scratch, { recursive: true });
    return { logLevel };
  });

  /** Without it there is only some noise: a compiler that cannot make it stops nothing. */
  async function compileLogLevel(): Promise<boolean> {
    if (IS_MACOS || !existsSync(join(library.includeDir, ABSEIL_OPTIONS))) return false;
    const source = join('scratch', 'log_level.cc');
    await writeFile(join(dir, source), LOG_LEVEL_SOURCE);
    const { ok } = await compile('-shared', ...includes, ...defines, source, '-o', LOG_LEVEL_FILE);
    return ok;
  }

  async function compileSessionConfig(): Promise<void> {
    const source = join('scratch', 'session_config.cc');
    await writeFile(join(dir, source), SESSION_CONFIG_SOURCE);
    await mustCompile('-shared', ...includes, ...defines, source, '-o', SESSION_CONFIG_FILE, '-ldl');
  }

  async function linkArguments(): Promise<readonly string[]> {
    const names = [library.main, library.framework];
    if (IS_MACOS) {
      const paths = names.map((name) => join(LIBRARY_LINK, name));
      return [...paths, '-undefined', 'dynamic_lookup', `-Wl,-rpath,@loader_path/${LIBRARY_LINK}`];
    }
    // The linker takes seconds to read the library's symbols, which are looked up when it is loaded anyway. Empty
    // libraries of the same names do: all that is wanted of them is their names in the binding.
    const stubs = join('scratch', 'stubs');
    await mkdir(join(dir, stubs));
    for (const name of names) {
      await mustCompile('-shared', '-x', 'c++', '/dev/null', `-Wl,-soname,${name}`, '-o', join(stubs, name));
    }
    const paths = names.map((name) => join(stubs, name));
    return ['-Wl,--no-as-needed', ...paths, `-Wl,-rpath,$ORIGIN/${LIBRARY_LINK}`];
  }
}

/** Links a name in an engine's folder to a folder of its library. */
export const linkFolder = (path: string, target: string): Promise<void> => symlink(target, path, 'dir');

function compileFailure(output: string, compiler: Tool): RunnerError {
  if (saysDiskFull(output)) {
    return new RunnerError(
      'disk-full',
      `The compiler cannot write: no space is left.\n${lastLines(output, 2)}`,
      {
        hint: DISK_FULL_HINT,
      },
    );
  }
  return new RunnerError(
    'compile-failed',
    `${compiler.command.join(' ')} (${compiler.version}) cannot compile tfjs-node's binding. Its last words:\n${lastLines(output, 8)}`,
  );
}
