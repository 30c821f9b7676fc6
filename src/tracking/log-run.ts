/**
 * The shared logging task: one run directory into one run on a tracking server, whatever mode has trained it. What can
 * fail for want of an artifact store comes last, so that nothing else waits for it.
 */
import { toRunnerError } from '../common/errors.js';
import type { Clock } from '../common/clock.js';
import { readOutcome, readRequest } from '../common/run-files.js';
import { RunnerError } from '../contract/errors.js';
import { describedRun, experimentOf } from './described-run.js';
import { collectFiles } from './artifacts/collect-files.js';
import type { ArtifactFile } from './artifacts/artifact-store.js';
import { fingerprintOf } from './fingerprint.js';
import { logArtifacts } from './log-artifacts.js';
import type { ArtifactLog, SentFiles } from './log-artifacts.js';
import { isOfModel, logModel } from './log-model.js';
import type { LogTools } from './log-tools.js';
import type { TrackingServer } from './mlflow/tracking-server.js';
import { describeRun } from './record/describe-run.js';
import { readEvaluation } from './record/evaluation-file.js';
import type { RunRecord } from './record/run-record.js';
import { Parts } from './parts.js';
import { addVerified, RunRecorder, type VerifiedPoints } from './run-recorder.js';
import type { Recorded, RecordOptions, RunToRecord, Verified } from './tracking.js';
import { allowTime } from './time-allowance.js';
import { withRecordingLock } from './recording-lock.js';
import { noteFiles, withExtraFiles } from './extra-files.js';

/** @throws RunnerError as `Tracking.record` */
export function logRun(found: RunToRecord, asked: RecordOptions, tools: LogTools): Promise<Recorded> {
  return withRecordingLock(found, asked.signal, async (signal) => {
    const options = { ...asked, signal };
    // Read before anything else: what is added meanwhile then makes the run pending again.
    const fingerprint = await fingerprintOf(found.runDir);
    const run = await asItIsNow(found);
    const parts = new Parts(signal);
    const { attempt } = parts;
    const evaluation = (await attempt(() => readEvaluation(run.runDir))) ?? null;
    const record = describeRun(await describedRun(run, evaluation, tools));
    using allowance = allowTime(tools.allowedMs, { uri: tools.server.uri, signal });
    const recorder = await RunRecorder.open(run.runDir, record, tools.server, {
      experiment: experimentOf(run, options),
      destination: tools.destination,
      again: options.again ?? false,
      attempts: tools.attempts,
      signal,
      allowed: allowance.signal,
    });
    try {
      await recorder.describe(record, attempt);
      await attempt(() => recorder.sendEvents());
      const verify = options.verify === true;
      const events = verify ? await attempt(() => recorder.verifyEvents()) : undefined;
      await recorder.end(record, attempt);
      const figures = verify ? await attempt(() => recorder.verifyFigures(record)) : undefined;
      const points = events && figures && addVerified(events, figures);
      allowance[Symbol.dispose]();
      const sent = await sendFiles(run, record, recorder, options, tools);
      const problem = parts.problem ?? sent.problem;
      await recorder.note(
        problem === null
          ? { complete: fingerprint, problem: null }
          : { complete: null, problem: noteOf(problem, tools.clock) },
      );
      return summarise(recorder, { ...sent, problem }, points, tools.server);
    } catch (error) {
      if (options.signal.aborted) throw error;
      await recorder.note({ problem: noteOf(toRunnerError(error), tools.clock) });
      throw error;
    }
  });
}

/**
 * Since it was read it may have waited, in a list or for the lock, and have come to another end.
 * @throws RunnerError `run-unfinished` if it was lost then and goes on now; as the readers
 */
async function asItIsNow(run: RunToRecord): Promise<RunToRecord> {
  const [outcome, request] = await Promise.all([readOutcome(run.runDir), readRequest(run.runDir)]);
  if (outcome !== null) return { ...run, outcome, request };
  throw new RunnerError('run-unfinished', `Run ${run.runId} goes on: it is recorded once it has ended.`);
}

/** Artifacts, the logged model and its registered version. */
async function sendFiles(
  run: RunToRecord,
  record: RunRecord,
  recorder: RunRecorder,
  options: RecordOptions,
  tools: LogTools,
): Promise<FileLog> {
  const { signal, verify: deep = false } = options;
  const { clock } = tools;
  let artifacts: FileLog = NOTHING_SENT;
  try {
    const { files, failed } = await collectFiles(run.runDir, signal);
    const store = await tools.openStore(recorder.state.artifactUri, recorder.state, signal);
    try {
      artifacts = await withExtraFiles(noteFiles(record, recorder.state.renamed), async (extra) => {
        const all = [...files, ...extra];
        const log = await logArtifacts(store, all, {
          known: recorder.state.artifacts,
          onSent: (known) => recorder.note({ artifacts: known }),
          ...{ deep, clock, signal },
        });
        return { ...log, ...verifiedOf(all, recorder.state.artifacts) };
      });
    } finally {
      store.close();
    }
    const changed = failed[0]?.error ?? null;
    artifacts = { ...artifacts, problem: artifacts.problem ?? changed };
    // For want of another artifact the model is not kept back; for want of one of its own it is.
    const held = recorder.state.artifacts;
    const lacking = [...failed, ...files.filter(({ path, sha256 }) => held[path]?.sha256 !== sha256)];
    if (!lacking.some(isOfModel)) await logModel(run, files, recorder, options, tools);
    return artifacts;
  } catch (error) {
    if (signal.aborted) throw error;
    return { ...artifacts, problem: artifacts.problem ?? toRunnerError(error) };
  }
}

/** What became of the files, and which of them the store is known to hold as they were sent. */
type FileLog = ArtifactLog & Pick<Verified, 'artifacts' | 'artifactBytes'>;

const NOTHING_SENT: FileLog = { sent: 0, sentBytes: 0, artifacts: 0, artifactBytes: 0, problem: null };

function verifiedOf(files: readonly ArtifactFile[], held: SentFiles) {
  const verified = files.filter(({ path, sha256 }) => held[path]?.sha256 === sha256 && held[path].verified);
  return { artifacts: verified.length, artifactBytes: verified.reduce((sum, { bytes }) => sum + bytes, 0) };
}

const noteOf = ({ code, message }: RunnerError, clock: Clock) => ({ at: clock.now(), code, message });

/** @param points what the server was asked for, if it was */
function summarise(
  recorder: RunRecorder,
  log: FileLog,
  points: VerifiedPoints | undefined,
  { uri }: TrackingServer,
): Recorded {
  const { experiment, runId, events, artifacts, model, version } = recorder.state;
  return {
    ...{ server: uri, experiment, mlflowRunId: runId, points: events.points, version, problem: log.problem },
    url: `${uri}/#/experiments/${experiment.id}/runs/${runId}`,
    artifacts: {
      ...{ sent: log.sent, sentBytes: log.sentBytes },
      recorded: Object.keys(artifacts).length,
    },
    modelId: model?.id ?? null,
    ...(points === undefined
      ? {}
      : { verified: { ...points, artifacts: log.artifacts, artifactBytes: log.artifactBytes } }),
  };
}
