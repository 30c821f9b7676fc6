/** The command line with the real logging task; only what trains is scripted. */
import { onTestFinished } from 'vitest';
import { EventLog } from '../../../src/common/event-log.js';
import { systemClock } from '../../../src/common/clock.js';
import { runPath } from '../../../src/contract/run-directory.js';
import type { Runtime } from '../../../src/contract/runtime.js';
import { connectTracking } from '../../../src/cli/wire-tracking.js';
import { openRecordedRuns } from '../../../src/tracking/read/index.js';
import { ArtifactStore } from '../../../src/trainer/artifacts/artifact-store.js';
import { commandLine, trainerExit } from '../../unit/cli/command-line.js';

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly train?: Runtime['run'];
}

/** A command line in a folder of its own, which is removed after the test. */
export function command({ env = {}, train = trainBriefly }: CommandOptions = {}) {
  const cli = commandLine({
    env: { HOME: '/nowhere', ...env },
    script: { connectTracking, openRecordedRuns, train },
  });
  onTestFinished(() => cli[Symbol.dispose]());
  return cli;
}

/** `runner train` with batches that the few images of the test's data make. */
export const TRAIN = ['train', '--batch-size', '16'] as const;

/** Two steps and one artifact. */
export const trainBriefly: Runtime['run'] = async ({ runDir }) => {
  using events = EventLog.create(runPath(runDir, 'events'), systemClock);
  for (const step of [1, 2]) events.append({ type: 'metric', step, values: { loss: 1 / step } });
  const artifacts = await ArtifactStore.open(runDir, (event) => void events.append(event));
  await artifacts.write('eval/notes.txt', 'some notes');
  await artifacts.writeManifest();
  return trainerExit();
};
