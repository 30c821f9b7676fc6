/** What has to be there before the first run of a smoke test, and takes too long to be part of one: data, engine, image. */
import { toRunnerError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { ErrorCode } from '../../contract/errors.js';
import type { Job } from '../../contract/job.js';
import type { BenchSide } from '../benching/sides.js';
import { checkFitsData } from '../check-data.js';
import { byDefault } from '../settings.js';
import type { Daemon } from '../services.js';
import { unlessAborted } from '../signals.js';
import { chooseImage } from '../training/choose-image.js';
import { examineDaemon } from '../training/examine-daemon.js';
import type { ExaminedDaemon } from '../training/examine-daemon.js';
import { prepareEngine } from '../training/preparation.js';
import type { Preparation } from '../training/preparation.js';
import type { AskedSmoke } from './ask.js';

export interface PreparedSmoke {
  /** Those that can be had. */
  readonly sides: readonly BenchSide[];
  /** Where there are runs in containers. */
  readonly daemon: Daemon | undefined;
  /** Why there are none, where there is no daemon and nobody has asked for one by name. */
  readonly noDaemon: RunnerError | undefined;
}

/** What it means that there is no daemon to be had; whatever else is wrong with one is told. */
const NO_DAEMON: readonly ErrorCode[] = ['daemon-unreachable', 'daemon-forbidden', 'daemon-too-old'];

/**
 * @param dataDir a folder that is there, for the images to train on
 * @throws RunnerError for what is missing
 */
export async function prepareSmoke(
  { sides, isNamed, settings }: AskedSmoke,
  tools: Omit<Preparation, 'job' | 'settings'>,
  dataDir: string,
): Promise<PreparedSmoke> {
  const job = await tools.context.services.findJob(settings.settings.job.value);
  const preparation: Preparation = { ...tools, job, settings: settings.settings };
  await prepareData(preparation, job, dataDir);
  const ofDocker = { ...preparation, settings: { ...settings.settings, mode: byDefault('docker' as const) } };
  const wanted = sides.some(({ mode }) => mode === 'docker');
  const examined = wanted ? await examine(ofDocker, isNamed) : undefined;
  const engine = await prepareEngine(preparation);
  if (examined === undefined) return { sides, daemon: undefined, noDaemon: undefined };
  if (examined instanceof RunnerError) {
    return { sides: sides.filter(({ mode }) => mode !== 'docker'), daemon: undefined, noDaemon: examined };
  }
  await chooseImage(examined, engine, ofDocker);
  return { sides, daemon: examined.daemon, noDaemon: undefined };
}

async function prepareData({ settings, signal }: Preparation, job: Job, dataDir: string): Promise<void> {
  // The data come with the job, which a command is not to load before it needs it.
  const { writeSubset } = await import('./subset.js');
  const dataset = await unlessAborted(signal, () => job.loadData(settings.dataDir.value));
  checkFitsData(settings, await writeSubset(dataDir, dataset));
}

/** @returns why there is no daemon, where that is no matter */
async function examine(preparation: Preparation, isNamed: boolean): Promise<ExaminedDaemon | RunnerError> {
  try {
    return await examineDaemon(preparation);
  } catch (thrown) {
    preparation.signal.throwIfAborted();
    const error = toRunnerError(thrown);
    if (isNamed || !NO_DAEMON.includes(error.code)) throw thrown;
    return error;
  }
}
