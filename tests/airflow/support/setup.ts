import type { TestProject } from 'vitest/node';
import { ensureAirflow } from '../../../scripts/lib/airflow/python.mjs';
import { PythonEnvError } from '../../../scripts/lib/python-env.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    airflowPython: { readonly python: string } | { readonly lacking: string };
  }
}

/**
 * A Python with Airflow and ruff, installed once into the cache folder.
 * @returns path of an executable that takes Python's arguments, or why this machine cannot have one
 * @throws PythonEnvError instead of saying why where CI is set
 */
async function airflowPython(): Promise<{ readonly python: string } | { readonly lacking: string }> {
  try {
    return { python: await ensureAirflow() };
  } catch (error) {
    if (!(error instanceof PythonEnvError) || process.env.CI) throw error;
    return { lacking: `these tests need Airflow: ${error.message}` };
  }
}

/** Set up once for all tests of the DAGs. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('airflowPython', await airflowPython());
}
