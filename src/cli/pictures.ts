import { existsSync } from 'node:fs';
import { artifactPath } from '../contract/run-directory.js';

const PICTURES = ['trainCurve', 'confusionMatrix', 'samplePredictions'] as const;

/** Paths of the pictures that a run has. */
export const picturesOf = (runDir: string): string[] =>
  PICTURES.map((picture) => artifactPath(runDir, picture)).filter((path) => existsSync(path));
