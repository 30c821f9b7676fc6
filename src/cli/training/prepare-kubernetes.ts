import { RunnerError } from '../../contract/errors.js';
import type { ClusterPlace } from '../../contract/run-spec.js';
import { ensureRunsDirectory } from '../../orchestrator/runs-directory.js';
import { checkMemory } from '../check-limits.js';
import type { PreparedEngine } from '../services.js';
import type { Resolved } from '../settings.js';
import { unlessAborted } from '../signals.js';
import { completeSpec } from '../train-spec.js';
import type { Laps } from './laps.js';
import { examineData, prepareEngine } from './preparation.js';
import type { Preparation } from './preparation.js';
import type { RunPlan } from './prepare-run.js';

/**
 * @throws RunnerError `bad-spec` without an image or a store; `limit-too-low`, or whatever is wrong with data, engine,
 *   kubeconfig or credentials
 */
export async function prepareKubernetes(preparation: Preparation, laps: Laps): Promise<RunPlan> {
  const { context, job, settings, note, signal } = preparation;
  checkMemory(settings);
  const image = required(settings.image.value, '--image', IMAGE_HINT);
  const given = placeOf(settings);
  const cluster = await unlessAborted(signal, () =>
    context.services.connectCluster({ env: context.io.env, place: given }),
  );
  laps.end('connect');
  const data = await examineData(preparation);
  laps.end('digest');
  const runsDir = await ensureRunsDirectory(settings.runsDir.value);
  const engine = engineOfImage(settings, await prepareEngine(preparation, 'cpu'));
  laps.end('provision');
  const place: ClusterPlace = { ...given, namespace: cluster.namespace };
  const spec = completeSpec(settings, { data, engine, image, place });
  const runtime = cluster.createRuntime({ job, earlierPhases: laps.phases, onNotice: note });
  return { spec, runsDir, runtime };
}

/** The image has it; this machine has it only for its version. */
const engineOfImage = ({ gpu }: Resolved, engine: PreparedEngine): PreparedEngine =>
  gpu.value === false ? engine : { ...engine, name: 'tensorflow-gpu' };

const IMAGE_HINT =
  'Build it with `runner image build`, push it to a registry of the cluster, and name it there (docs/kubernetes.md).';
const STORAGE_HINT = 'Name a folder of an S3 that runner and pods can reach, such as s3://bucket/prefix.';

function placeOf(settings: Resolved) {
  const { namespace, serviceAccount, kubeContext, storage, storageEndpoint } = settings;
  return {
    ...(kubeContext.value === null ? {} : { context: kubeContext.value }),
    ...(namespace.value === null ? {} : { namespace: namespace.value }),
    ...(serviceAccount.value === null ? {} : { serviceAccount: serviceAccount.value }),
    storage: required(storage.value, '--storage', STORAGE_HINT),
    ...(storageEndpoint.value === null ? {} : { storageEndpoint: storageEndpoint.value }),
  };
}

function required(value: string | null, flag: string, hint: string): string {
  if (value !== null) return value;
  throw new RunnerError('bad-spec', `--mode kubernetes needs ${flag}.`, { hint });
}
