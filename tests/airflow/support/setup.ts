import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { ensurePythonEnv, PythonEnvError } from '../../../scripts/lib/python-env.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    airflowPython: { readonly python: string } | { readonly lacking: string };
  }
}

const REQUIREMENTS = fileURLToPath(new URL('../requirements.txt', import.meta.url));

/**
 * A Python with Airflow and ruff, installed once into the cache folder.
 * @returns path of an executable that takes Python's arguments, or why this machine cannot have one
 * @throws PythonEnvError instead of saying why where CI is set
 */
async function airflowPython(): Promise<{ readonly python: string } | { readonly lacking: string }> {
  const packages = readFileSync(REQUIREMENTS, 'utf8')
    .split('\n')
    .filter((line) => /^[a-z0-9]/i.test(line));
  const onProgress = ({ share }: { share?: number }): void => {
    if (share === undefined)
      process.stderr.write(`Installing Airflow for the tests (once): ${packages.length} packages\n`);
  };
  try {
    return { python: await ensurePythonEnv({ packages, onProgress }) };
  } catch (error) {
    if (!(error instanceof PythonEnvError) || process.env.CI) throw error;
    return { lacking: `these tests need Airflow: ${error.message}` };
  }
}

/** Set up once for all tests of the DAGs. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('airflowPython', await airflowPython());
}
