/** The folder of one smoke test: its data, its runs, and what its processes take for the folder of temporary files. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toRunnerError } from '../../common/errors.js';

export interface SmokeFolder extends AsyncDisposable {
  /** In the path, and so on the command line of every process of the smoke test. */
  readonly token: string;
  readonly dataDir: string;
  readonly runsDir: string;
  /** `TMPDIR` of the runs: what is in it once they have ended, they have left behind. */
  readonly tmpDir: string;
  /** Of an MLflow of its own. */
  readonly mlflowDir: string;
}

/** Disposing removes it with all that it holds. @throws RunnerError `disk-full` or `file-unusable` */
export async function makeSmokeFolder(): Promise<SmokeFolder> {
  const token = randomBytes(16).toString('hex');
  const parent = tmpdir();
  try {
    const path = await mkdtemp(join(parent, `runner-smoke-${token}-`));
    const [dataDir, runsDir, tmpDir] = [join(path, 'data'), join(path, 'runs'), join(path, 'tmp')];
    for (const folder of [dataDir, runsDir, tmpDir]) await mkdir(folder);
    return {
      ...{ token, dataDir, runsDir, tmpDir, mlflowDir: join(path, 'mlflow') },
      [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
    };
  } catch (error) {
    throw toRunnerError(error, parent);
  }
}
