/** A Python with Airflow and ruff, of the versions that the tests' list of requirements pins. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../paths.mjs';
import { ensurePythonEnv } from '../python-env.mjs';

/** @returns {string[]} the pins of a file of requirements */
export const requirementsIn = (/** @type {string} */ file) =>
  readFileSync(join(ROOT, file), 'utf8')
    .split('\n')
    .filter((line) => /^[a-z0-9]/i.test(line));

/** The CeleryExecutor with its clients of PostgreSQL and Redis, beside Airflow itself. */
export const CELERY_PINS = 'tests/airflow/requirements-celery.txt';

/**
 * Installed once into the cache folder.
 * @param {readonly string[]} [more] further pins
 * @returns {Promise<string>} path of an executable that takes Python's arguments
 * @throws {import('../python-env.mjs').PythonEnvError}
 */
export const ensureAirflow = (more = []) => {
  const packages = [...requirementsIn('tests/airflow/requirements.txt'), ...more];
  return ensurePythonEnv({
    packages,
    onProgress: ({ share }) => {
      if (share === undefined)
        process.stderr.write(`Installing Airflow (once): ${packages.length} packages\n`);
    },
  });
};
