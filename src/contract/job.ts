/**
 * What a job module provides. A job says what is trained on what; how it is trained (loop, checkpoints, digest,
 * tracing) is the trainer's. Users bring their own by exporting one of these.
 */
import type * as tfNamespace from '@tensorflow/tfjs-node';
import type { Hyperparameters } from './run-spec.js';

export type TensorFlow = typeof tfNamespace;
export type LayersModel = tfNamespace.LayersModel;

/** Examples kept as bytes: 60,000 MNIST images are 47 MB this way, and 188 MB as float32. */
export interface ByteImages {
  /**
   * `count × height × width × channels` bytes, row-major. In a SharedArrayBuffer another thread can make batches of them
   * while a step runs; in a buffer of another kind they are made between steps.
   */
  readonly images: Uint8Array;
  /** `count` class indices. */
  readonly labels: Uint8Array;
  readonly count: number;
}

export interface ImageDataset {
  readonly name: string;
  /** [height, width, channels] */
  readonly imageShape: readonly [number, number, number];
  readonly classNames: readonly string[];
  readonly train: ByteImages;
  readonly test: ByteImages;
  /** `sha256:<hex>` over the decoded bytes. */
  readonly digest: string;
}

/** What a spec says of a data set. */
export interface DataDescription {
  /** As `ImageDataset` has it. */
  readonly digest: string;
  readonly trainExamples: number;
  readonly testExamples: number;
}

export interface Job {
  readonly name: string;
  readonly title: string;
  readonly defaults: Hyperparameters & { readonly seed: number };
  /** Folder that holds the job's own data set when the user names none. */
  defaultDataDir(): string;
  /**
   * Reads and checks the data set.
   * @throws RunnerError `data-missing` or `bad-data`
   */
  loadData(dir: string): Promise<ImageDataset>;
  /**
   * Reads and checks all that `loadData` does, and keeps nothing in memory: for a trainer that loads it elsewhere.
   * @throws as `loadData`
   */
  describeData(dir: string): Promise<DataDescription>;
  /**
   * The files in the folder that `loadData` would read, as absolute paths: what an isolated trainer is given.
   * @throws RunnerError `data-missing`
   */
  dataFiles(dir: string): Promise<readonly string[]>;
  /** Builds the model with weights drawn from `seed`: inputs scaled to [0, 1], outputs class probabilities. */
  buildModel(tf: TensorFlow, seed: number): LayersModel;
}
