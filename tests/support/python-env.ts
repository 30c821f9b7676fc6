import type { TestContext } from 'vitest';
import { ensurePythonEnv, PythonEnvError, type PythonEnvOptions } from '../../scripts/lib/python-env.mjs';

/**
 * A Python with TensorFlow and Keras. On a machine that cannot have one the test is skipped with the reason; where
 * CI is set it fails, so that no check is lost unseen.
 */
export async function pythonFor(test: TestContext, options?: PythonEnvOptions): Promise<string> {
  try {
    return await ensurePythonEnv(options);
  } catch (error) {
    if (!(error instanceof PythonEnvError) || process.env.CI) throw error;
    return test.skip(error.message);
  }
}
