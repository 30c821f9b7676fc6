/** The kept weights as a logged model of the server, and as a version of a registered one where that was asked for. */
import { RunnerError } from '../contract/errors.js';
import { ARTIFACT_FILES } from '../contract/run-directory.js';
import type { ArtifactFile } from './artifacts/artifact-store.js';
import { withExtraFiles } from './extra-files.js';
import { findOrMake } from './mlflow/find-or-make.js';
import { logArtifacts } from './log-artifacts.js';
import type { LogTools } from './log-tools.js';
import type { TrackingServer } from './mlflow/tracking-server.js';
import { modelFiles } from './record/model-files.js';
import { readSavedModelSignature } from './record/saved-model-signature.js';
import { RUN_ID_TAG } from './record/tags.js';
import type { RunRecorder } from './run-recorder.js';
import type { Destination } from './tracking-state.js';
import type { RecordOptions, RunToRecord } from './tracking.js';

const MODEL_FOLDER = 'model/';
const SAVED_MODEL = `${ARTIFACT_FILES.savedModel}/saved_model.pb`;

/** Whether a file of a run belongs to its model. */
export const isOfModel = ({ path }: Pick<ArtifactFile, 'path'>): boolean => path.startsWith(MODEL_FOLDER);

type Model = NonNullable<Destination['model']>;

/**
 * Does nothing for a run that has kept no model, nor at a server of MLflow 2 where nothing is to be registered. The
 * model's artifacts are the run's as well, so that they are seen there.
 * @param files all the artifacts of the run
 * @throws RunnerError of server and store
 */
export async function logModel(
  run: RunToRecord,
  files: readonly ArtifactFile[],
  recorder: RunRecorder,
  options: RecordOptions,
  tools: LogTools,
): Promise<void> {
  const savedModel = files.find(({ path }) => path === SAVED_MODEL);
  if (savedModel === undefined || run.outcome === null) return;
  const name = options.register ?? run.request?.tracking?.register;
  const mlflowVersion = await tools.server.version(options.signal);
  if (!hasLoggedModels(mlflowVersion)) {
    if (name === undefined) return;
    throw noLoggedModels(name, mlflowVersion, tools.server);
  }
  const known = recorder.state.model;
  const { model, made } = known
    ? { model: known, made: false }
    : await findOrCreate(run, recorder, options, tools);
  const whole =
    model.ready && options.verify !== true
      ? model
      : await sendModel(run, model, { files, savedModel, mlflowVersion, made }, recorder, options, tools);
  if (name === undefined || recorder.state.version?.name === name) return;
  const version = await tools.server.ensureVersion(
    name,
    {
      ...{ modelId: whole.id, runId: recorder.state.runId, source: whole.artifactUri },
      tags: tagsOf(run),
    },
    options.signal,
  );
  await recorder.note({ version });
}

/** They came with MLflow 3; the model is among the artifacts of the run as well. */
const hasLoggedModels = (mlflowVersion: string): boolean => !(Number.parseInt(mlflowVersion, 10) < 3);

const noLoggedModels = (name: string, version: string, { uri }: TrackingServer): RunnerError =>
  new RunnerError(
    'tracking-refused',
    `${uri} runs MLflow ${version}, which has no logged models: nothing can be registered as ${name}.`,
    { hint: 'Have the server upgraded to MLflow 3, or leave out --register; all else is recorded.' },
  );

const tagsOf = ({ runId, spec, outcome }: RunToRecord) => [
  { key: RUN_ID_TAG, value: runId },
  { key: 'runner.mode', value: spec.mode },
  ...(outcome?.training.weightsDigest == null
    ? []
    : [{ key: 'runner.weights_digest', value: outcome.training.weightsDigest }]),
];

async function findOrCreate(
  run: RunToRecord,
  recorder: RunRecorder,
  { signal }: RecordOptions,
  { server, attempts }: LogTools,
): Promise<{ readonly model: Model; readonly made: boolean }> {
  const { experiment, runId } = recorder.state;
  const name = run.spec.job;
  const wanted = { experimentId: experiment.id, name, runId };
  const { value, made } = await findOrMake({
    // Of a new run, too: its artifacts took their time, in which another process may have taken over from one that stood still.
    find: () => server.findModel(experiment.id, runId, name, signal),
    make: () => server.createModel({ ...wanted, tags: tagsOf(run) }, signal),
    settle: (twin) => server.settleModel(twin, wanted, signal),
    ...{ attempts, signal },
  });
  const model = { id: value.id, artifactUri: value.artifactUri, artifacts: {}, ready: false };
  await recorder.note({ model });
  return { model, made };
}

interface ModelToSend {
  /** All of the run. */
  readonly files: readonly ArtifactFile[];
  readonly savedModel: ArtifactFile;
  /** Of the server. */
  readonly mlflowVersion: string;
  /** Whether it was made just now. */
  readonly made: boolean;
}

async function sendModel(
  { spec, outcome }: RunToRecord,
  model: Model,
  { files, savedModel, mlflowVersion, made }: ModelToSend,
  recorder: RunRecorder,
  { signal, verify: deep = false }: RecordOptions,
  { server, clock, ...tools }: LogTools,
): Promise<Model> {
  const own = files
    .filter(isOfModel)
    .map((file) => ({ ...file, path: file.path.slice(MODEL_FOLDER.length) }));
  const { runId } = recorder.state;
  const described = modelFiles({
    ...{ modelId: model.id, runId, engineVersion: spec.engine.version },
    signature: await readSavedModelSignature(savedModel.file),
    createdAt: outcome?.endedAt ?? 0,
    bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    mlflowVersion,
  });
  const store = await tools.openStore(model.artifactUri, recorder.state, signal);
  try {
    const { problem } = await withExtraFiles(described, (extra) =>
      logArtifacts(store, [...own, ...extra], {
        known: model.artifacts,
        onSent: (artifacts) => recorder.note({ model: { ...model, artifacts, ready: false } }),
        ...{ deep, clock, signal },
      }),
    );
    if (problem !== null) throw problem;
  } finally {
    store.close();
  }
  await server.finishModel(
    model.id,
    runId,
    { ok: true, step: outcome?.training.stepsCompleted ?? 0, isNew: made },
    signal,
  );
  const ready = { ...model, artifacts: recorder.state.model?.artifacts ?? {}, ready: true };
  await recorder.note({ model: ready });
  return ready;
}
