/** A graph in TensorFlow: loaded as a SavedModel, run by name. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DT, savedModel, type DType } from './proto.js';
import type { GraphBuilder } from './graph.js';
import type { NativeBinding } from './backend.js';
import { UntraceableError, type TensorLike } from './types.js';

export interface Feed {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorLike;
}

/** By placeholder name. */
export type Feeds = Readonly<Record<string, Feed>>;

export class GraphSession {
  private id: number | undefined;

  private constructor(
    private readonly binding: NativeBinding,
    id: number,
  ) {
    this.id = id;
  }

  /**
   * Writes the graph below `folder`, has TensorFlow load it, and removes it again.
   * @throws UntraceableError if TensorFlow does not take the graph
   */
  static load(binding: NativeBinding, graph: GraphBuilder, folder = tmpdir()): GraphSession {
    mkdirSync(folder, { recursive: true });
    const directory = mkdtempSync(join(folder, 'traced-step-'));
    try {
      writeFileSync(join(directory, 'saved_model.pb'), savedModel(graph.nodes, []));
      return new GraphSession(binding, loadSavedModel(binding, directory));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** One native call: feeds by placeholder name, fetches by node name, in order. */
  run(feeds: Feeds, fetches: readonly string[]): (Float32Array | Int32Array)[] {
    if (this.id === undefined) throw new Error('this traced step has been disposed');
    const { binding } = this;
    const inputs: number[] = [];
    const outputs: number[] = [];
    try {
      for (const { dtype, shape, data } of Object.values(feeds)) {
        inputs.push(binding.createTensor(shape, DT[dtype], data));
      }
      const names = Object.keys(feeds).map((name) => `${name}:0`);
      const infos = binding.runSavedModel(
        this.id,
        inputs,
        names.join(),
        fetches.map((name) => `${name}:0`).join(),
      );
      outputs.push(...infos.map(({ id }) => id));
      return outputs.map((id) => binding.tensorDataSync(id) as Float32Array | Int32Array);
    } finally {
      for (const id of inputs) binding.deleteTensor(id);
      for (const id of outputs) binding.deleteTensor(id);
    }
  }

  dispose(): void {
    if (this.id === undefined) return;
    this.binding.deleteSavedModel(this.id);
    this.id = undefined;
  }
}

function loadSavedModel(binding: NativeBinding, directory: string): number {
  try {
    return binding.loadSavedModel(directory, 'serve');
  } catch (error) {
    throw asUntraceable(error);
  }
}

/** Where TensorFlow's messages name the operation that it refuses. */
const OPERATION_IN_MESSAGE = [
  /Op<name=(\w+)/,
  /Op type not registered '(\w+)'/,
  /support Op '(\w+)'/,
  /node (\w+?)_\d+\b/,
];

/** TensorFlow's refusal of a graph, with the operation's name. */
export function asUntraceable(error: unknown): UntraceableError {
  const message = error instanceof Error ? error.message : String(error);
  const op = OPERATION_IN_MESSAGE.map((pattern) => pattern.exec(message)?.[1]).find(
    (name) => name !== undefined,
  );
  return new UntraceableError(op ?? 'model', `TensorFlow refuses its graph: ${message}`, { cause: error });
}
