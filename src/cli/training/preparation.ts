/** What a run needs that is the same in several modes. */
import type { ImageDataset, Job } from '../../contract/job.js';
import { checkFitsData } from '../check-data.js';
import type { CliContext } from '../context.js';
import type { ProgressReporter } from '../progress/reporter.js';
import type { PreparedEngine } from '../services.js';
import type { Resolved } from '../settings.js';
import { unlessAborted } from '../signals.js';
import type { SpecData } from '../train-spec.js';

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

/** What the spec says of the data. Read and hashed here, to be known; the images are then let go of. */
export const digestData = async (preparation: Preparation): Promise<SpecData> =>
  describeData(await loadData(preparation));

export const describeData = ({ digest, train, test }: ImageDataset): SpecData => ({
  digest,
  trainExamples: train.count,
  testExamples: test.count,
});

export async function prepareEngine({ context, reporter, signal }: Preparation): Promise<PreparedEngine> {
  const engine = await unlessAborted(signal, () =>
    context.services.prepareEngine({ onProgress: reporter.onSetup, signal }),
  );
  reporter.finish();
  return engine;
}
