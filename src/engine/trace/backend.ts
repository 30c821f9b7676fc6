/** The part of tfjs-node below its API: its kernel backend, and the native binding that the backend calls. */
import type { Tensor, TensorFlow, TensorLike } from './types.js';

/** An operation's attribute as tfjs-node hands it to its binding. */
export interface OpAttr {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export interface TensorInfo {
  readonly dataId?: object;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** The part of tfjs-node's Node-API binding in use (tfjs-node/binding/tfjs_binding.cc). */
export interface NativeBinding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  /** The tensor shares the memory of `values` (unless it is unaligned). */
  createTensor(shape: readonly number[], dtype: number, values: TensorLike): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    session: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): { readonly id: number; readonly shape: readonly number[]; readonly dtype: number }[];
}

/** tfjs-node's kernel backend: every kernel ends in one of the two `execute…` methods. */
export interface NodeBackend {
  readonly binding: NativeBinding;
  /** Whether TensorFlow has a card and puts operations on it. */
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(name: string, attrs: readonly OpAttr[] | null, inputs: readonly TensorInfo[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attrs: readonly OpAttr[] | null,
    inputs: readonly TensorInfo[],
    count: number,
  ): Tensor[];
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
}

/** As tfjs-node registers it. */
export const NODE_BACKEND = 'tensorflow';

export const backendOf = (tf: TensorFlow): NodeBackend => tf.backend() as unknown as NodeBackend;
