/** What a run has learnt from and was tried on, in the shapes of Python's `mlflow.data` (3.17). */
import type { RunSpec } from '../../contract/run-spec.js';
import type { DatasetInput } from './run-record.js';

/** MAX_DATASET_DIGEST_SIZE of MLflow is 36; a sha256 has 64 characters. The whole one is in `profile`. */
const DIGEST_CHARACTERS = 36;

/**
 * Named by the job and not by their folder, which differs between machines: what they are is for the digest to say. That
 * is of the training and the test part together, and a server holds each name and digest once, so the names differ.
 */
export function datasetsOf(
  { job, data }: RunSpec,
  { evaluated }: { readonly evaluated: boolean },
): DatasetInput[] {
  const part = (name: string, context: string, rows: number): DatasetInput => ({
    name: `${job}-${name}`,
    digest: data.digest.replace(/^sha256:/, '').slice(0, DIGEST_CHARACTERS),
    sourceType: 'local',
    source: JSON.stringify({ uri: data.dir }),
    schema: SCHEMA,
    profile: JSON.stringify({ num_rows: rows, digest: data.digest }),
    context,
  });
  const train = part('train', 'train', data.trainExamples);
  return evaluated ? [train, part('test', 'eval', data.testExamples)] : [train];
}

const bytes = (rank: number): string =>
  JSON.stringify([{ type: 'tensor', 'tensor-spec': { dtype: 'uint8', shape: Array(rank).fill(-1) } }]);

/**
 * As `mlflow.data.schema.TensorDatasetSchema` writes it: JSON in JSON. The contract says bytes of count × height ×
 * width × channels, and a class for each; a spec does not say how large, and all runs on a dataset must say the same.
 */
const SCHEMA = JSON.stringify({ mlflow_tensorspec: { features: bytes(4), targets: bytes(1) } });
