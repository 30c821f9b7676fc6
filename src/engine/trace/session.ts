/** A graph in TensorFlow: loaded as a SavedModel, run by name. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DT, savedModel, type DType } from './proto.js';
import type { GraphBuilder } from './graph.js';
import type { NativeBinding, TensorLike } from './types.js';

export interface Feed {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorLike;
}

export class GraphSession {
  private id: number | undefined;

  private constructor(
    private readonly binding: NativeBinding,
    id: number,
  ) {
    this.id = id;
  }

  /** Writes the graph below `folder`, has TensorFlow load it, and removes it again. */
  static load(binding: NativeBinding, graph: GraphBuilder, folder = tmpdir()): GraphSession {
    mkdirSync(folder, { recursive: true });
    const directory = mkdtempSync(join(folder, 'traced-step-'));
    try {
      writeFileSync(join(directory, 'saved_model.pb'), savedModel(graph.nodes, []));
      return new GraphSession(binding, binding.loadSavedModel(directory, 'serve'));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** One native call: feeds by placeholder name, fetches by node name, in order. */
  run(feeds: Readonly<Record<string, Feed>>, fetches: readonly string[]): (Float32Array | Int32Array)[] {
    if (this.id === undefined) throw new Error('this traced step has been disposed');
    const { binding } = this;
    const inputs: number[] = [];
    const outputs: number[] = [];
    try {
      for (const { dtype, shape, data } of Object.values(feeds)) {
        inputs.push(binding.createTensor(shape, DT[dtype], data));
      }
      const names = Object.keys(feeds).map((name) => `${name}:0`);
      const infos = binding.runSavedModel(this.id, inputs, names.join(), fetches.map((name) => `${name}:0`).join());
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
