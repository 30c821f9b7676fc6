/** A model as a SavedModel that TensorFlow in any language can serve: inference only, the weights as constants. */
import { backendOf, NODE_BACKEND } from './backend.js';
import { atBatchSizes, BatchPolymorphicEmitter } from './generalize.js';
import { GraphBuilder, type NodeRef } from './graph.js';
import { savedModel, type DType, type SignatureTensor } from './proto.js';
import { record, type Recording } from './recorder.js';
import { UntraceableError, type LayersModel, type Tensor, type TensorFlow } from './types.js';

/**
 * The bytes of saved_model.pb: one MetaGraph tagged `serve` with the signature `serving_default`, whose inputs and
 * outputs have the names and types of the model's own, and any batch size. In Python:
 * `tf.saved_model.load(folder).signatures['serving_default'](tf.constant(x))`.
 * @throws UntraceableError if part of the model cannot be in a graph
 */
export function savedModelOf(tf: TensorFlow, model: LayersModel): Uint8Array {
  if (tf.getBackend() !== NODE_BACKEND) {
    throw new UntraceableError('model', `${tf.getBackend()} has no operations of TensorFlow’s to record`);
  }
  const graph = new GraphBuilder();
  const inputs = model.inputs.map(({ shape, dtype: given }, i) => {
    const dtype: DType = given === 'int32' ? 'int32' : 'float32';
    const sizes = [-1, ...shape.slice(1).map((size) => size ?? -1)];
    const node = graph.placeholder(`input_${i}`, dtype, sizes);
    return { name: nameOf(model.inputNames, i, 'input'), shape: sizes, dtype, node };
  });
  const args: Record<string, NodeRef> = Object.fromEntries(inputs.map(({ node }) => [node, node]));
  const [first] = inputs;
  const batch = graph.batchSize(first?.node ?? '', first?.dtype ?? 'float32');
  const recordings = atBatchSizes((size) => recordInference(tf, model, size));
  const emitter = new BatchPolymorphicEmitter(graph, backendOf(tf).binding, batch);
  const results = emitter.emit(recordings, args);
  const outputs = Object.values(results).map((ref, i) => graph.identity(ref, `output_${i}`));

  const tensor = (key: string, node: NodeRef, dtype: DType, shape: readonly number[]): SignatureTensor => ({
    key,
    tensor: `${node}:0`,
    dtype,
    shape,
  });
  const signature = {
    name: 'serving_default',
    inputs: inputs.map(({ name, node, dtype, shape }) => tensor(name, node, dtype, shape)),
    outputs: outputs.map((node, i) =>
      tensor(nameOf(model.outputNames, i, 'output'), node, 'float32', [-1, ...outputShape(model, i)]),
    ),
  };
  return savedModel(graph.nodes, [signature]);
}

function recordInference(tf: TensorFlow, model: LayersModel, batch: number): Recording {
  let recording: Recording | undefined;
  tf.tidy(() => {
    const x = model.inputs.map(({ shape, dtype }) => {
      const sizes = [batch, ...shape.slice(1).map((size) => size ?? 1)];
      return dtype === 'int32' ? tf.zeros(sizes, 'int32') : tf.ones(sizes);
    });
    const args = Object.fromEntries(x.map((tensor, i) => [`input_${i}`, tensor]));
    recording = record(tf, args, () => {
      const [first] = x;
      const applied = model.apply(x.length === 1 && first ? first : x, { training: false });
      const outputs = (Array.isArray(applied) ? applied : [applied]) as Tensor[];
      return Object.fromEntries(outputs.map((output, i) => [`output_${i}`, output]));
    });
  });
  return recording as unknown as Recording;
}

const nameOf = (names: readonly string[], i: number, fallback: string): string =>
  names[i] ?? `${fallback}_${i}`;

const outputShape = (model: LayersModel, i: number): number[] => {
  const { shape } = model.outputs[i] as unknown as { shape: (number | null)[] };
  return shape.slice(1).map((size) => size ?? -1);
};
