/** What a run needs that is the same in several modes. */
import type { DataDescription, ImageDataset, Job } from '../../contract/job.js';
import { checkFitsData } from '../check-data.js';
import type { CliContext } from '../context.js';
import type { ProgressReporter } from '../progress/reporter.js';
import type { PreparedEngine } from '../services.js';
import type { Resolved } from '../settings.js';
import { unlessAborted } from '../signals.js';

export interface Preparation {
  readonly context: CliContext;
  readonly job: Job;
  readonly settings: Resolved;
  readonly reporter: Pick<ProgressReporter, 'onSetup' | 'finish'>;
  /** Says something for a person, on a fresh line. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** @throws RunnerError `data-missing`, `bad-data`, or `bad-spec` where the settings do not fit the data */
export async function loadData({ job, settings, signal }: Preparation): Promise<ImageDataset> {
  const dataset = await unlessAborted(signal, () => job.loadData(settings.dataDir.value));
  checkFitsData(settings, dataset.train.count);
  return dataset;
}

/**
 * What the spec says of data that another process will load.
 * @throws as `loadData`
 */
export async function examineData({ job, settings, signal }: Preparation): Promise<DataDescription> {
  const description = await unlessAborted(signal, () => job.describeData(settings.dataDir.value));
  checkFitsData(settings, description.trainExamples);
  return description;
}

export const describeData = ({ digest, train, test }: ImageDataset): DataDescription => ({
  digest,
  trainExamples: train.count,
  testExamples: test.count,
});

/** That the settings ask for. */
function variantOf({ engine, gpu }: Resolved): 'cpu' | 'gpu' | 'webgpu' {
  if (engine.value === 'webgpu') return 'webgpu';
  return gpu.value === false ? 'cpu' : 'gpu';
}

/** @param variant by default the one that the settings ask for */
export async function prepareEngine(
  { context, settings, reporter, signal }: Preparation,
  variant: 'cpu' | 'gpu' | 'webgpu' = variantOf(settings),
): Promise<PreparedEngine> {
  const engine = await unlessAborted(signal, () =>
    context.services.prepareEngine({
      ...{ variant, onProgress: reporter.onSetup, signal },
      ...(variant === 'webgpu' && { webgpuAdapter: settings.webgpuAdapter.value }),
    }),
  );
  reporter.finish();
  return engine;
}
