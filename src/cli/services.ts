/** What the commands need of the heavy parts: a port, so that the commands themselves never load TensorFlow. */
import type { ImageDataset, Job } from '../contract/job.js';
import type { UsedImage } from '../contract/run-outcome.js';
import type { ClusterPlace, EngineName, EngineWebgpu, GpuRequest, Limits } from '../contract/run-spec.js';
import type { Runtime } from '../contract/runtime.js';
import type { RunWithOutcome } from '../orchestrator/read-run.js';
import type { EvaluationFigures } from '../report/evaluation.js';
import type { Garbage } from '../contract/garbage.js';
import type { ListedImage } from '../report/image-list.js';
import type { InspectedPart } from '../report/inspection.js';
import type { TrackingInspection } from '../tracking/inspect/index.js';
import type { LocalServer, StartLocalServer } from '../tracking/local-server/local-server.js';
import type { RecordedRuns } from '../tracking/read/recorded-runs.js';
import type { Tracking } from '../tracking/tracking.js';
import type { BuilderChoice } from './setting-definition.js';

/** An engine that is on disk and ready to be loaded; `handle` is the engine's own business. */
export interface PreparedEngine {
  readonly name: EngineName;
  /** Version of the TensorFlow library, e.g. `2.21.0`. */
  readonly version: string;
  /** What webgpu computes on, where that was asked for. */
  readonly webgpu?: EngineWebgpu;
  readonly handle: unknown;
}

/** Set-up as it goes on, for a bar: `share` from 0 to 1 where it is known. */
export type SetupProgress = (step: { readonly title: string; readonly share?: number }) => void;

export interface Inspection {
  /** Whether a job could run here. */
  readonly ready: boolean;
  readonly findings: readonly InspectedPart[];
  /** The whole of it, for --json. */
  readonly document: unknown;
}

/** Phases that were over before there was a run, in milliseconds: they head those of its outcome. */
export type EarlierPhases = Readonly<Record<string, number>>;

export interface Services {
  /** @throws RunnerError `unknown-job` */
  findJob(name: string): Promise<Job>;
  /**
   * Finds the engine, or builds it. When the signal is aborted it is left behind, and the process ends soon after.
   * @throws RunnerError `engine-missing` and kin
   */
  prepareEngine(options: {
    onProgress?: SetupProgress;
    force?: boolean;
    /** Default: `cpu`. */
    variant?: 'cpu' | 'gpu' | 'webgpu';
    /** With `webgpu`: finds the adapter, too; null for any card. */
    webgpuAdapter?: string | null;
    signal?: AbortSignal;
  }): Promise<PreparedEngine>;
  /**
   * Whether this machine can train on the GPUs that are asked for; nothing is loaded.
   * @throws RunnerError `gpu-unavailable` and kin
   */
  requireGpu(
    options: Abortable & {
      readonly env: NodeJS.ProcessEnv;
      readonly devices: GpuRequest['devices'];
      readonly memoryLimitBytes?: number | undefined;
    },
  ): Promise<void>;
  /** Trains in this process. */
  createRuntime(deps: {
    job: Job;
    dataset: ImageDataset;
    engine: PreparedEngine;
    earlierPhases: EarlierPhases;
  }): Promise<Runtime>;
  /** Trains in a process of its own. */
  createProcessRuntime(deps: { engine: PreparedEngine; earlierPhases: EarlierPhases }): Promise<Runtime>;
  /**
   * The Docker daemon that the environment or the current docker context names, once it has answered.
   * @throws RunnerError `daemon-unreachable`, `daemon-forbidden` or `daemon-too-old`
   */
  connectDaemon(options: { env: NodeJS.ProcessEnv; signal: AbortSignal }): Promise<Daemon>;
  /**
   * The cluster and the store of a run; nothing is sent yet.
   * @throws RunnerError `bad-config`, `bad-credentials` or `kubernetes-client-missing`
   */
  connectCluster(options: ConnectCluster): Promise<ConnectedCluster>;
  /**
   * What is left in a namespace of runs that nobody will come back for, removed; no store is needed for it.
   * @throws RunnerError `bad-config`, `kubernetes-client-missing`, `cluster-unreachable` or `cluster-forbidden`
   */
  sweepCluster(options: SweepCluster): Promise<SweptCluster>;
  /**
   * The tracking server of an address; nothing is sent yet.
   * @throws RunnerError `bad-tracking-uri` or `bad-credentials`
   */
  connectTracking(options: ConnectTracking): Promise<Tracking>;
  /**
   * The runs that the tracking server of an address has; nothing is asked yet.
   * @throws RunnerError `bad-tracking-uri` or `bad-credentials`
   */
  openRecordedRuns(options: Pick<ConnectTracking, 'uri' | 'env'>): Promise<RecordedRuns>;
  /**
   * A tracking server of one's own, or the one that another process keeps.
   * @throws RunnerError `mlflow-missing` or `mlflow-failed`; `usage` for a port that is taken; the signal's reason
   */
  startTrackingServer(options: StartLocalServer): Promise<LocalServer>;
  /** @throws RunnerError `run-busy` or `bad-data` and kin; the signal's reason once it is aborted */
  evaluateRun(
    run: RunWithOutcome,
    deps: {
      job: Job;
      engine: PreparedEngine;
      /** Absolute folder to read the data from; without, the one that the spec names. */
      dataDir: string | undefined;
      signal: AbortSignal;
    },
  ): Promise<EvaluationFigures>;
  inspect(): Promise<Inspection>;
  /** Vulkan, the engine webgpu and the adapter that was chosen; null for any card. */
  inspectWebgpu(options: { env: NodeJS.ProcessEnv; adapter: string | null }): Promise<Inspection>;
  /** Driver, cards and the engine for GPUs, and which of them fits which. */
  inspectGpu(options: { env: NodeJS.ProcessEnv }): Promise<Inspection>;
  /** What there is to say of the Docker daemon, and of this version's image; without one, why there is none. */
  inspectDaemon(options: { env: NodeJS.ProcessEnv }): Promise<Omit<Inspection, 'ready'>>;
  /** Whether the tracking server and the artifact store of the environment answer; its document has one part for each. */
  inspectTracking(options: { env: NodeJS.ProcessEnv }): Promise<TrackingInspection>;
}

export interface ConnectTracking {
  readonly uri: string;
  /** What a run's tracking.json knows the server by; default: its address. */
  readonly destination?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Whether to give up soon where the server does not answer. */
  readonly hurried: boolean;
  /** Told in a sentence of a server that does not answer and is asked again. */
  readonly onWaiting?: ((text: string) => void) | undefined;
}

export interface ConnectCluster {
  readonly env: NodeJS.ProcessEnv;
  /** The namespace of the kubeconfig's context without one. */
  readonly place: Omit<ClusterPlace, 'namespace'> & Partial<Pick<ClusterPlace, 'namespace'>>;
}

export interface SweepCluster extends Abortable {
  /** Of the kubeconfig's current context, where it does not say. */
  readonly place: Partial<Pick<ClusterPlace, 'context' | 'namespace'>>;
  readonly dryRun: boolean;
}

export interface SweptCluster {
  readonly server: string;
  readonly namespace: string;
  readonly things: readonly Garbage[];
}

export interface ConnectedCluster {
  readonly namespace: string;
  createRuntime(deps: {
    readonly job: Job;
    readonly earlierPhases?: EarlierPhases;
    readonly onNotice: (text: string) => void;
  }): Runtime;
}

interface Abortable {
  readonly signal: AbortSignal;
}

/** A trainer image, as it was found or built. */
export interface TrainerImage extends UsedImage {
  /** Whether its engine computes on GPUs. */
  readonly gpu: boolean;
  readonly built: boolean;
  /** Milliseconds; 0 if it was there. */
  readonly buildMs: number;
}

export interface EnsureImage extends Abortable {
  readonly engine: PreparedEngine;
  readonly gpu: boolean;
  /** Image to build upon; default: the one that Dockerfile.trainer names. */
  readonly base?: string;
  /** Build it also where it is there. */
  readonly force?: boolean;
  readonly builder: BuilderChoice;
  readonly onProgress: SetupProgress;
  /** Told in a sentence what a person would not expect. */
  readonly onNotice: (text: string) => void;
}

/** What trainers are kept warm for: runs of just these. */
export interface WarmOptions extends Abortable {
  readonly size: number;
  /** Id of the image. */
  readonly image: string;
  readonly limits: Limits;
  readonly threads: number;
  readonly job: Job;
  readonly data: { readonly dir: string; readonly digest: string };
  /** Told how many are ready, whenever that changes. */
  readonly onSize: (waiting: number) => void;
  /** Told in a sentence what a person would not expect. */
  readonly onNotice: (text: string) => void;
}

/** A Docker daemon that has answered. Every call rejects with what its failure means, or with the signal's reason. */
export interface Daemon {
  /** For messages. */
  readonly address: string;
  readonly cpus: number;
  /** Kinds of limits that it cannot keep, such as `memory`. */
  readonly unlimited: readonly string[];
  /** Whether it filters the system calls of containers. */
  readonly seccomp: boolean;
  /** @throws RunnerError `image-missing` */
  findImage(name: string, options: Abortable): Promise<TrainerImage>;
  /** The image of this version, which is built where it is missing. */
  ensureImage(options: EnsureImage): Promise<TrainerImage>;
  /** @throws RunnerError `gpu-unavailable` if the daemon has not the GPU that is asked for */
  probeGpu(options: Abortable & { readonly image: string; readonly gpu: GpuRequest }): Promise<void>;
  listImages(options: Abortable): Promise<readonly ListedImage[]>;
  /**
   * @param names tags or beginnings of ids; without, the trainer images of other versions
   * @param all without names: every image of ours
   */
  removeImages(
    options: Abortable & { readonly names?: readonly string[]; readonly all: boolean },
  ): Promise<{ readonly removed: readonly ListedImage[]; readonly kept: readonly ListedImage[] }>;
  /** @param image undefined for a run that is gone on with, whose journal or spec names its image */
  createRuntime(deps: {
    readonly image: UsedImage | undefined;
    readonly job: Job;
    readonly earlierPhases?: EarlierPhases;
    readonly onNotice: (text: string) => void;
  }): Runtime;
  /** @param runsDir only what runs of this directory have made */
  collectGarbage(
    options: Abortable & { readonly dryRun: boolean; readonly runsDir?: string },
  ): Promise<readonly Garbage[]>;
  /** Keeps trainers waiting until the signal is aborted, then removes those that no run has taken. */
  keepWarm(options: WarmOptions): Promise<void>;
}
