/** A run directory, put together of what a server and its artifact store hold of a run. */
import { makeDirectory } from '../../common/make-directory.js';
import { readOutcome } from '../../common/run-files.js';
import { readVersionedFile } from '../../common/versioned-file.js';
import { runPath } from '../../contract/run-directory.js';
import { runSpecSchema, SPEC_SCHEMA_VERSION } from '../../contract/run-spec.js';
import type { RecordedRun } from './recorded-runs.js';
import { requestOf } from './request-of-tags.js';
import { RunFiles, type FetchOptions } from './run-files.js';

/** Of files that hold a known number of things; an evaluation has a matrix of its classes. */
const MOST_BYTES = 16 * 1024 ** 2;
/** Of what grows with the length of a run, or with its data. */
const MOST_COURSE_BYTES = 512 * 1024 ** 2;

/** As `RecordedRuns.fetch`. */
export async function fetchRun(run: RecordedRun, options: FetchOptions): Promise<void> {
  const files = new RunFiles(run, options);
  await makeDirectory(files.runDir);
  await files.takeLog('outcome', MOST_BYTES);
  const outcome = await files.readLog('outcome', () => readOutcome(files.runDir));
  if (outcome?.runId !== run.runId) {
    throw files.wrongLog('outcome', `is that of another run (${outcome?.runId ?? 'none'})`);
  }
  await files.takeLog('spec', MOST_BYTES);
  await files.readLog('spec', () =>
    readVersionedFile(runPath(files.runDir, 'spec'), runSpecSchema, SPEC_SCHEMA_VERSION),
  );
  // It is sent last, and says that all else is there. Only a run that did not get so far has none.
  await files.takeManifest(MOST_BYTES, { required: outcome.status === 'succeeded' });
  await files.takeArtifact('evaluation', MOST_BYTES);
  await files.write('request', requestOf(run, outcome));
}

/** As `RecordedRuns.fetchCourse`; the run was fetched before. */
export async function fetchCourse(run: RecordedRun, options: FetchOptions): Promise<void> {
  const files = new RunFiles(run, options);
  await files.takeLog('events', MOST_COURSE_BYTES);
  await files.takeArtifact('predictions', MOST_COURSE_BYTES);
}
