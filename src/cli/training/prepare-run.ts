/** All that comes before there is a run. Cheap checks first: nothing is built or written for a run that cannot be. */
import type { UsedImage } from '../../contract/run-outcome.js';
import type { RunSpec } from '../../contract/run-spec.js';
import type { Runtime } from '../../contract/runtime.js';
import { ensureRunsDirectory } from '../../orchestrator/runs-directory.js';
import { unlessAborted } from '../signals.js';
import { completeSpec } from '../train-spec.js';
import { chooseImage } from './choose-image.js';
import { examineDaemon } from './examine-daemon.js';
import { examineGpu } from './examine-gpu.js';
import { startLaps } from './laps.js';
import type { Laps } from './laps.js';
import { prepareKubernetes } from './prepare-kubernetes.js';
import { describeData, examineData, loadData, prepareEngine } from './preparation.js';
import type { Preparation } from './preparation.js';

export interface RunPlan {
  readonly spec: RunSpec;
  /** Absolute and writable. */
  readonly runsDir: string;
  readonly runtime: Runtime;
  /** What the run will be in, where that is an image. */
  readonly image?: UsedImage;
}

/**
 * @throws RunnerError whatever is wrong with data, surroundings or limits; the signal's reason once it is aborted
 */
export async function prepareRun(preparation: Preparation): Promise<RunPlan> {
  const laps = startLaps(preparation.context.clock);
  laps.end('startup');
  switch (preparation.settings.mode.value) {
    case 'inprocess':
      return prepareInProcess(preparation, laps);
    case 'process':
      return prepareProcess(preparation, laps);
    case 'docker':
      return prepareDocker(preparation, laps);
    case 'kubernetes':
      return prepareKubernetes(preparation, laps);
  }
}

async function prepareInProcess(given: Preparation, laps: Laps): Promise<RunPlan> {
  const preparation = await examineGpu(given);
  const { context, job, settings, signal } = preparation;
  const dataset = await loadData(preparation);
  laps.end('data');
  const runsDir = await ensureRunsDirectory(settings.runsDir.value);
  const engine = await prepareEngine(preparation);
  laps.end('provision');
  const runtime = await unlessAborted(signal, () =>
    context.services.createRuntime({ job, dataset, engine, earlierPhases: laps.phases }),
  );
  return { spec: completeSpec(settings, { data: describeData(dataset), engine }), runsDir, runtime };
}

async function prepareProcess(given: Preparation, laps: Laps): Promise<RunPlan> {
  const preparation = await examineGpu(given);
  const { context, settings, signal } = preparation;
  const data = await examineData(preparation);
  laps.end('digest');
  const runsDir = await ensureRunsDirectory(settings.runsDir.value);
  const engine = await prepareEngine(preparation);
  laps.end('provision');
  const runtime = await unlessAborted(signal, () =>
    context.services.createProcessRuntime({ engine, earlierPhases: laps.phases }),
  );
  return { spec: completeSpec(settings, { data, engine }), runsDir, runtime };
}

async function prepareDocker(preparation: Preparation, laps: Laps): Promise<RunPlan> {
  const { job, note } = preparation;
  // Read while the daemon is asked. What is wrong with the daemon is told before what is wrong with the data.
  const examining = examineData(preparation);
  examining.catch(() => undefined);
  const examined = await examineDaemon(preparation);
  laps.end('connect');
  const data = await examining;
  laps.end('digest');
  const runsDir = await ensureRunsDirectory(examined.settings.runsDir.value);
  // Whether the daemon has a GPU is asked in the image for processors.
  const forProbe = await prepareEngine(preparation, 'cpu');
  laps.end('provision');
  const { image: chosen, engine, settings } = await chooseImage(examined, forProbe, preparation);
  laps.end('image');
  const image: UsedImage = { tag: chosen.tag, id: chosen.id, bytes: chosen.bytes };
  const parts = { image, job, earlierPhases: laps.phases, onNotice: note };
  const spec = completeSpec(settings, { data, engine, image: image.tag });
  return { spec, runsDir, runtime: examined.daemon.createRuntime(parts), image };
}
