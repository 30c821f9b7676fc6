/** What is wrong with a run as a server and its store hold it: which file, and what mends it. */
import { toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { ArtifactSource } from '../artifacts/artifact-source.js';
import type { RecordedRun } from './recorded-runs.js';

/** @param why what the file is, to follow its name */
export const notWhole = (
  run: RecordedRun,
  { uri }: Pick<ArtifactSource, 'uri'>,
  path: string,
  why: string,
  cause?: unknown,
): RunnerError =>
  new RunnerError(
    'tracking-incomplete',
    `Run ${run.runId} is not whole at the tracking server: ${path} in ${uri} ${why}.`,
    { cause, hint: remedyFor(run) },
  );

/** Whoever has the run sends it again; nobody else can. */
function remedyFor({ runId, tags }: RecordedRun): string {
  const host = tags['runner.host'];
  const where = host === undefined ? 'where the run lies' : `on ${host}, where the run lies`;
  return `\`runner log ${runId} --verify\` ${where}, sends what is missing or differs; or leave the run out.`;
}

/**
 * Names a file that was brought here by where it came from: its copy is gone when somebody reads that.
 * @param error of reading the copy
 */
export function unreadable(
  run: RecordedRun,
  { uri }: Pick<ArtifactSource, 'uri'>,
  { file, path }: { readonly file: string; readonly path: string },
  error: unknown,
): RunnerError {
  const known = toRunnerError(error, file);
  if (known.code !== 'run-corrupt' && known.code !== 'run-newer-schema') return known;
  const message = known.message.replaceAll(file, `${path} in ${uri}`);
  const whole = `Run ${run.runId} cannot be read from the tracking server: ${message}`;
  if (known.code === 'run-newer-schema') return new RunnerError(known.code, whole, { cause: error });
  return new RunnerError('tracking-incomplete', whole, { cause: error, hint: remedyFor(run) });
}
