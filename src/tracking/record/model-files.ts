/**
 * The files that make an MLflow model of what a run has saved. They lie beside saved_model/ and tfjs/, so a model's root
 * is artifacts/model with these in it.
 *
 * In Python, where `x` is float32 of the input's shape and `input` its name in the signature:
 *
 *     mlflow.tensorflow.load_model(uri)(**{input: tf.constant(x)})
 *     mlflow.pyfunc.load_model(uri).predict({input: x})
 */
import { ARTIFACT_FILES } from '../../contract/run-directory.js';
import type { ModelSignature, TensorSpec } from './saved-model-signature.js';
import { toYaml } from './yaml.js';

export interface DescribedModel {
  readonly signature: ModelSignature;
  /** Version of the TensorFlow that wrote it, e.g. `2.21.0`. */
  readonly engineVersion: string;
  /** The server's: `m-…`. */
  readonly modelId: string;
  /** The server's. */
  readonly runId: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** Of the files under artifacts/model. */
  readonly bytes: number;
  /** Version of the MLflow server, whose form this is. */
  readonly mlflowVersion: string;
}

export interface ModelFile {
  /** From the model's root. */
  readonly path: string;
  readonly content: string;
}

/** One that the TensorFlow of the engine has wheels for; what loads the model may be newer. */
const PYTHON = '3.12';
const ENVIRONMENT = { conda: 'conda.yaml', virtualenv: 'python_env.yaml' } as const;
const REQUIREMENTS = 'requirements.txt';

export function modelFiles(model: DescribedModel): readonly ModelFile[] {
  const requirements = ['mlflow', `tensorflow==${model.engineVersion}`];
  const conda = [
    'channels:\n- conda-forge\ndependencies:',
    `- python=${PYTHON}\n- pip\n- pip:`,
    ...requirements.map((requirement) => `  - ${requirement}`),
    'name: mlflow-env\n',
  ];
  return [
    { path: 'MLmodel', content: mlmodel(model) },
    { path: REQUIREMENTS, content: `${requirements.join('\n')}\n` },
    { path: ENVIRONMENT.conda, content: conda.join('\n') },
    {
      path: ENVIRONMENT.virtualenv,
      content: toYaml({ python: PYTHON, build_dependencies: ['pip'], dependencies: [`-r ${REQUIREMENTS}`] }),
    },
  ];
}

/** Of a file's path below artifacts/, what is below artifacts/model. */
const inModel = (path: string): string => path.replace(/^model\//, '');

function mlmodel({
  signature,
  runId,
  modelId,
  createdAt,
  bytes,
  mlflowVersion,
  engineVersion,
}: DescribedModel): string {
  return toYaml({
    flavors: {
      python_function: { loader_module: 'mlflow.tensorflow', python_version: PYTHON, env: ENVIRONMENT },
      tensorflow: {
        // A SavedModel that is asked by signature, in MLflow's words. Its other kinds want Python objects in it.
        model_type: 'tf1-estimator',
        saved_model_dir: inModel(ARTIFACT_FILES.savedModel),
        meta_graph_tags: ['serve'],
        signature_def_key: 'serving_default',
        tensorflow_version: engineVersion,
      },
      // No loader of MLflow's: where the model for TensorFlow.js lies.
      tfjs: { layers_model: `${inModel(ARTIFACT_FILES.layersModel)}/model.json` },
    },
    // Each is JSON in a string.
    signature: { inputs: schemaOf(signature.inputs), outputs: schemaOf(signature.outputs) },
    run_id: runId,
    model_id: modelId,
    model_uuid: modelId,
    mlflow_version: mlflowVersion,
    model_size_bytes: bytes,
    // As Python's `str(datetime.utcnow())`.
    utc_time_created: new Date(createdAt).toISOString().replace('T', ' ').replace('Z', '000'),
  });
}

const schemaOf = (tensors: readonly TensorSpec[]): string =>
  JSON.stringify(
    tensors.map(({ name, dtype, shape }) => ({ name, type: 'tensor', 'tensor-spec': { dtype, shape } })),
  );
