import type { PlannedRun } from '../contract/runtime.js';
import { TRAINER_SCHEMA_VERSION } from '../contract/trainer-program.js';
import type { TrainerPlan } from '../contract/trainer-program.js';

/** The plan of a trainer that sees another file system. @param dataDir where it finds its data */
export const planFor = ({ runId, spec, evaluate }: PlannedRun, dataDir: string): TrainerPlan => ({
  schemaVersion: TRAINER_SCHEMA_VERSION,
  runId,
  // What the folder is called out there is nobody's business in there.
  spec: { ...spec, data: { ...spec.data, dir: dataDir } },
  evaluate,
  dataDir,
});
