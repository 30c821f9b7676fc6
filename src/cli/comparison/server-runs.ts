/** `--from mlflow`: runs as a tracking server has them, brought to this machine for as long as they are compared. */
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { readSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { isLive } from '../io.js';
import { noteBeside } from '../note-beside.js';
import { DEFAULT_JOB } from '../options.js';
import { liveSetup, silentSetup } from '../progress/setup.js';
import { listenForSignals } from '../signals.js';
import type { RunSource } from './run-source.js';
import { ServerRuns } from './read-server-runs.js';

/**
 * Lends the runs of a tracking server for as long as `work` takes.
 * @throws RunnerError `usage` where no server is named; `bad-tracking-uri`, `bad-credentials`, `tracking-unreachable` and
 *   kin; what `work` throws
 */
export async function withServerRuns<T>(
  context: CliContext,
  flags: Flags,
  work: (source: RunSource) => Promise<T>,
): Promise<T> {
  const { io, output, signals, clock, services } = context;
  const names = ['trackingUri', 'experiment', 'job'] as const;
  const { trackingUri, experiment, job } = await readSettings(context, flags, names);
  if (trackingUri?.value == null) throw nowhere();
  const display = isLive(io.stderr, io.env) && !output.json ? liveSetup(io.stderr) : silentSetup;
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => undefined,
    onSecond: (status) => io.exit(status),
  });
  const { signal } = interruption;
  // Several for each request that is under way are no leak.
  setMaxListeners(Infinity, signal);
  const recorded = await services.openRecordedRuns({ uri: trackingUri.value, env: io.env });
  try {
    display.onSetup({ title: `Asking ${recorded.uri} for runs` });
    await recorded.probe(signal);
    return await withFolder(async (runsDir) => {
      await using source = new ServerRuns({
        ...{ recorded, runsDir, signal, note: noteBeside(display, output) },
        onProgress: (step) => display.onSetup(step),
        experiment: experiment?.value ?? job?.value ?? DEFAULT_JOB,
      });
      return await work(source);
    });
  } finally {
    display.finish();
    await recorded.close();
  }
}

/** A folder of its own, which is removed afterwards. */
async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'runner-compare-')).catch((error: unknown) => {
    throw toRunnerError(error, tmpdir());
  });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const nowhere = (): RunnerError =>
  new RunnerError('usage', '--from mlflow: there is no tracking server to read from.', {
    hint: 'Give one with --tracking-uri or MLFLOW_TRACKING_URI.',
  });
