import { ensurePythonEnv, PythonEnvError, TRACKING_PACKAGES } from '../../../scripts/lib/python-env.mjs';

/**
 * A Python with MLflow's server, boto3 and SeaweedFS, installed once into the cache folder.
 * @returns path of an executable that takes Python's arguments, or why this machine cannot have one
 * @throws PythonEnvError instead of saying why where CI is set: no check is to be lost there unseen
 */
export async function trackingPython(): Promise<{ readonly python: string } | { readonly lacking: string }> {
  try {
    return { python: await ensurePythonEnv({ packages: TRACKING_PACKAGES }) };
  } catch (error) {
    if (!(error instanceof PythonEnvError) || process.env.CI) throw error;
    return { lacking: `these tests need MLflow: ${error.message}` };
  }
}
