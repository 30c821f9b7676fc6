import { execFile } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { RunOrigin } from '../../contract/run-request.js';
import { packageVersion } from '../version.js';

/** Longer than git needs, shorter than anybody would wait for a mark of this kind. */
const GIT_MS = 2_000;

/** Where a run is asked for: told with it wherever it is recorded. */
export async function originOf(cwd: string): Promise<RunOrigin> {
  const gitCommit = await commitOf(cwd);
  const user = userName();
  return {
    host: hostname(),
    ...(user === undefined ? {} : { user }),
    ...(gitCommit === undefined ? {} : { gitCommit }),
    runnerVersion: packageVersion(),
  };
}

/** Undefined outside of a checkout, and where there is no git. */
async function commitOf(cwd: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd, timeout: GIT_MS });
    const commit = stdout.trim();
    return /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
  } catch {
    return undefined;
  }
}

/** A container may run under a number that no user has. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
