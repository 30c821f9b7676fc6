/** Names inside a run directory: the contract between trainer, orchestrator, logging task and report. */
import { join } from 'node:path';

export const RUN_FILES = {
  spec: 'spec.json',
  /** What was asked of the runner beside the spec: whether to evaluate, and the caller's key for the run. */
  request: 'request.json',
  events: 'events.ndjson',
  outcome: 'outcome.json',
  /** The process that the run belongs to: tells a run that goes on from one that was abandoned. */
  owner: 'owner.json',
  /** Its being there asks whoever has the run in hand to stop it; says who asked, and when. */
  stop: 'stop.json',
  /** Held by the one process that adds to a run which has ended. */
  lock: '.lock',
  /** What a runtime did outside this directory: how a successor finds it again. */
  journal: 'journal.ndjson',
  /** What an isolated trainer printed beside its events. */
  trainerLog: 'trainer.log',
  /** The process that an isolated trainer is, where it is one of this host: it may outlive its owner by a moment. */
  trainer: 'trainer.json',
  /** How the trainer itself says that it ended; the orchestrator makes the outcome of it. */
  exit: 'exit.json',
  tracking: 'tracking.json',
  checkpoints: 'checkpoints',
  artifacts: 'artifacts',
} as const;

/** Paths relative to artifacts/. */
export const ARTIFACT_FILES = {
  /** tfjs LayersModel: model.json and its weights. */
  layersModel: 'model/tfjs',
  /** TensorFlow SavedModel with the signature `serving_default`. */
  savedModel: 'model/saved_model',
  trainCurve: 'metrics/train_curve.png',
  confusionMatrix: 'eval/confusion_matrix.png',
  samplePredictions: 'eval/sample_predictions.png',
  evaluation: 'eval/metrics.json',
  /** Of every test image: its class, the predicted one, and how probable that was held. */
  predictions: 'eval/predictions.json',
  /** sha256 and size of every other artifact. */
  manifest: 'manifest.json',
} as const;

export const runPath = (runDir: string, file: keyof typeof RUN_FILES): string =>
  join(runDir, RUN_FILES[file]);
export const artifactPath = (runDir: string, file: keyof typeof ARTIFACT_FILES): string =>
  join(runDir, RUN_FILES.artifacts, ARTIFACT_FILES[file]);

/**
 * Run ids sort by start: `YYYYMMDD-HHMMSS-xxxxxx` (UTC, six characters of Crockford base32).
 * The pattern is what keeps `../` and friends out of every path that is made from an id.
 */
export const RUN_ID_PATTERN = /^\d{8}-\d{6}-[0-9a-hjkmnp-tv-z]{6}$/;
