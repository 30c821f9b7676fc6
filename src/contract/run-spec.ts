/** What is asked of one run. Written to spec.json before anything is done, and never changed after. */
import { z } from 'zod';

export const SPEC_SCHEMA_VERSION = 1;

export const RUN_MODES = ['inprocess', 'process', 'docker', 'kubernetes'] as const;
export type RunMode = (typeof RUN_MODES)[number];

export const ENGINE_STEPS = ['auto', 'traced', 'eager'] as const;
export type EngineStep = (typeof ENGINE_STEPS)[number];

/** Each has a copy of the step in the graph, which is to be loaded in a moment. */
export const MOST_STEPS_PER_CALL = 64;

/** `tensorflow` computes on processors, `tensorflow-gpu` on NVIDIA's cards, `webgpu` on any card that Vulkan reaches. */
export const ENGINE_NAMES = ['tensorflow', 'tensorflow-gpu', 'webgpu'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export const LEARNING_RATE_SCHEDULES = ['constant', 'cosine'] as const;
export type LearningRateSchedule = (typeof LEARNING_RATE_SCHEDULES)[number];

const positiveInt = z.int().min(1);

export const hyperparametersSchema = z.strictObject({
  /** Most passes over the training images; early stopping may end sooner. */
  epochs: positiveInt.max(100_000),
  /** Images a step. The last step of an epoch takes what is left: no image is dropped. */
  batchSize: positiveInt,
  /** Adam's initial learning rate. */
  learningRate: z.number().positive().max(10),
  learningRateSchedule: z.enum(LEARNING_RATE_SCHEDULES),
  /** Share of the training images kept for validation; 0 is refused: see `earlyStopping`. */
  validationSplit: z.number().gt(0).lt(1),
  /** Stop when the validation loss has not improved for `patience` epochs, and keep the best epoch's weights. */
  earlyStopping: z.boolean(),
  patience: positiveInt,
});
export type Hyperparameters = z.infer<typeof hyperparametersSchema>;

/** What a run may use. Not part of what comes out: the same bits with half the memory. */
export const limitsSchema = z.strictObject({
  /** From the start of the run to its end, whatever the mode; without one it may take as long as it does. */
  timeoutMs: positiveInt.optional(),
  /** Of the container, tmpfs included; swap is never granted on top. */
  memoryBytes: positiveInt.optional(),
  /** Processors of the container, in parts of one. */
  cpus: z.number().positive().optional(),
  /** Processes and threads in the container. */
  pids: positiveInt.optional(),
  /** Size of /dev/shm. */
  shmBytes: positiveInt.optional(),
});
export type Limits = z.infer<typeof limitsSchema>;

export const gpuRequestSchema = z.strictObject({
  /** How many, which (as the driver numbers or names them), or every one. */
  devices: z.union([z.literal('all'), positiveInt, z.array(z.string().min(1)).min(1)]),
  /** Train on the processor, and say so, where the daemon has no GPU to give. */
  prefer: z.boolean(),
});
export type GpuRequest = z.infer<typeof gpuRequestSchema>;

export const clusterPlaceSchema = z.strictObject({
  /** Of the kubeconfig; the current one without. */
  context: z.string().min(1).optional(),
  namespace: z.string().min(1),
  /** That the pod runs as, without its token; the namespace's default one without. */
  serviceAccount: z.string().min(1).optional(),
  /** `s3://bucket/prefix`: where plan and data wait for the pod, and its results for the runner. */
  storage: z.string().min(1),
  /** Address of that S3 as pods see it, where it is another. */
  storageEndpoint: z.string().min(1).optional(),
});
export type ClusterPlace = z.infer<typeof clusterPlaceSchema>;

/** How an engine for GPUs computes. */
export const engineGpuSchema = z.strictObject({
  /** Only kernels that give the same bits each time. */
  deterministic: z.boolean(),
  /** Which of the machine's, where the run is not in a container, which has only its own. */
  devices: gpuRequestSchema.shape.devices.optional(),
  /** Most memory of the card that TensorFlow takes; without, as much as it needs. */
  memoryLimitBytes: positiveInt.optional(),
});
export type EngineGpu = z.infer<typeof engineGpuSchema>;

/** What WebGPU computes on, as Dawn describes it. */
export const webgpuAdapterSchema = z.strictObject({
  /** Such as `nvidia`, `amd`, `intel` or `google`. */
  vendor: z.string(),
  /** Family of the card, such as `ampere`; may be empty. */
  architecture: z.string(),
  device: z.string(),
  /** The driver, in its own words. */
  description: z.string(),
  /** Whether it is a processor that stands in for a card. */
  cpu: z.boolean(),
});
export type WebgpuAdapter = z.infer<typeof webgpuAdapterSchema>;

/** How the engine webgpu computes. */
export const engineWebgpuSchema = z.strictObject({
  /** Version of the backend of tfjs. */
  backend: z.string().min(1),
  /** What was asked for: `cpu`, or part of the name of a card; any card without. */
  choice: z.string().min(1).optional(),
  adapter: webgpuAdapterSchema,
});
export type EngineWebgpu = z.infer<typeof engineWebgpuSchema>;

export const runSpecSchema = z.strictObject({
  schemaVersion: z.literal(SPEC_SCHEMA_VERSION),
  job: z.string().min(1),
  mode: z.enum(RUN_MODES),
  hyperparameters: hyperparametersSchema,
  /** Seeds the initial weights, the validation split, the shuffling and the dropout. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  /** Intra-op threads of TensorFlow: sums are split by thread, so the digest depends on it. */
  threads: positiveInt.max(1024),
  engine: z.strictObject({
    name: z.enum(ENGINE_NAMES),
    /** Version of the TensorFlow library, e.g. `2.21.0`, or of WebGPU for Node. */
    version: z.string().min(1),
    step: z.enum(ENGINE_STEPS),
    /** Steps that the traced graph does by one native call; one without. They are the same to the bit. */
    stepsPerCall: positiveInt.max(MOST_STEPS_PER_CALL).optional(),
    /** Whether a thread of its own makes the next batch while a step runs; without, it is made in between. The same bits. */
    prefetch: z.boolean().optional(),
    /** Of `tensorflow-gpu`. */
    gpu: engineGpuSchema.optional(),
    /** Of `webgpu`. */
    webgpu: engineWebgpuSchema.optional(),
  }),
  data: z.strictObject({
    /** Absolute folder of the IDX files as seen by the orchestrator. Not part of the spec's identity. */
    dir: z.string().min(1),
    /** sha256 over the decoded data set, `sha256:<hex>`: the same for a plain and a gzipped copy. */
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    trainExamples: positiveInt,
    testExamples: positiveInt,
  }),
  limits: limitsSchema.optional(),
  /** Where the mode is docker or kubernetes. */
  container: z
    .strictObject({
      /** Tag or id of the trainer's image. */
      image: z.string().min(1),
      gpu: gpuRequestSchema.optional(),
    })
    .optional(),
  /** Where the mode is kubernetes. */
  kubernetes: clusterPlaceSchema.optional(),
});
export type RunSpec = z.infer<typeof runSpecSchema>;
