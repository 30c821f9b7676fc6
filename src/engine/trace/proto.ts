/**
 * Writes the few protocol buffers a SavedModel needs. Field numbers are those of tensorflow/core/framework/
 * {node_def,attr_value,tensor,tensor_shape,graph}.proto and tensorflow/core/protobuf/{meta_graph,saved_model}.proto.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** tensorflow.DataType */
export const DT = { float32: 1, uint8: 4, int32: 3, int64: 9, bool: 10 } as const;
export type DType = keyof typeof DT;

/** tensorflow.AttrValue, encoded. */
export type AttrValue = Uint8Array;

const message = (write: (w: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};
const bytesField = (w: BinaryWriter, field: number, value: Uint8Array): BinaryWriter =>
  w.tag(field, WireType.LengthDelimited).bytes(value);
const stringField = (w: BinaryWriter, field: number, value: string): BinaryWriter =>
  w.tag(field, WireType.LengthDelimited).string(value);

/** TensorShapeProto; -1 is an unknown dimension. */
const shapeProto = (shape: readonly number[]): Uint8Array =>
  message((w) => {
    for (const size of shape)
      bytesField(
        w,
        2,
        message((d) => d.tag(1, WireType.Varint).int64(size)),
      );
  });

const list = (write: (w: BinaryWriter) => void): AttrValue =>
  message((w) => bytesField(w, 1, message(write)));

export const attr = {
  string: (value: string): AttrValue => message((w) => stringField(w, 2, value)),
  int: (value: number): AttrValue => message((w) => w.tag(3, WireType.Varint).int64(value)),
  float: (value: number): AttrValue => message((w) => w.tag(4, WireType.Bit32).float(value)),
  bool: (value: boolean): AttrValue => message((w) => w.tag(5, WireType.Varint).bool(value)),
  type: (dtype: DType): AttrValue => attr.typeNumber(DT[dtype]),
  typeNumber: (dtype: number): AttrValue => message((w) => w.tag(6, WireType.Varint).int32(dtype)),
  shape: (shape: readonly number[]): AttrValue => message((w) => bytesField(w, 7, shapeProto(shape))),
  strings: (values: readonly string[]): AttrValue => list((w) => values.forEach((v) => stringField(w, 2, v))),
  ints: (values: readonly number[]): AttrValue =>
    list((w) => values.forEach((v) => w.tag(3, WireType.Varint).int64(v))),
  floats: (values: readonly number[]): AttrValue =>
    list((w) => values.forEach((v) => w.tag(4, WireType.Bit32).float(v))),
  bools: (values: readonly boolean[]): AttrValue =>
    list((w) => values.forEach((v) => w.tag(5, WireType.Varint).bool(v))),
  typeNumbers: (values: readonly number[]): AttrValue =>
    list((w) => values.forEach((v) => w.tag(6, WireType.Varint).int32(v))),
  /** A TensorProto whose values are given as little-endian bytes. */
  tensor: (dtype: DType, shape: readonly number[], content: Uint8Array): AttrValue =>
    message((w) =>
      bytesField(
        w,
        8,
        message((t) => {
          t.tag(1, WireType.Varint).int32(DT[dtype]);
          bytesField(t, 2, shapeProto(shape));
          bytesField(t, 4, content);
        }),
      ),
    ),
};

/** NodeDef. Inputs are `name`, `name:output` or `^control`; an empty device is none. */
export const nodeDef = (
  name: string,
  op: string,
  inputs: readonly string[],
  attrs: Readonly<Record<string, AttrValue>>,
  device = '',
): Uint8Array =>
  message((w) => {
    stringField(w, 1, name);
    stringField(w, 2, op);
    for (const input of inputs) stringField(w, 3, input);
    if (device !== '') stringField(w, 4, device);
    for (const [key, value] of Object.entries(attrs)) {
      bytesField(
        w,
        5,
        message((entry) => bytesField(stringField(entry, 1, key), 2, value)),
      );
    }
  });

export interface SignatureTensor {
  readonly key: string;
  /** `name:output` */
  readonly tensor: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}
export interface Signature {
  readonly name: string;
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
}

const tensorInfoEntry = ({ key, tensor, dtype, shape }: SignatureTensor): Uint8Array =>
  message((entry) => {
    stringField(entry, 1, key);
    bytesField(
      entry,
      2,
      message((info) => {
        stringField(info, 1, tensor);
        info.tag(2, WireType.Varint).int32(DT[dtype]);
        bytesField(info, 3, shapeProto(shape));
      }),
    );
  });

const signatureDef = ({ inputs, outputs }: Signature): Uint8Array =>
  message((w) => {
    for (const input of inputs) bytesField(w, 1, tensorInfoEntry(input));
    for (const output of outputs) bytesField(w, 2, tensorInfoEntry(output));
    stringField(w, 3, 'tensorflow/serving/predict');
  });

/** GraphDef version of TensorFlow 2.x (tensorflow/core/public/version.h, TF_GRAPH_DEF_VERSION of 2.16). */
const GRAPH_DEF_VERSION = 1882;

/** SavedModel with one MetaGraphDef, tagged `serve`. */
export const savedModel = (nodes: readonly Uint8Array[], signatures: readonly Signature[]): Uint8Array => {
  const graph = message((w) => {
    for (const node of nodes) bytesField(w, 1, node);
    bytesField(
      w,
      4,
      message((v) => v.tag(1, WireType.Varint).int32(GRAPH_DEF_VERSION)),
    );
  });
  const metaGraph = message((w) => {
    bytesField(
      w,
      1,
      message((info) => stringField(info, 4, 'serve')),
    );
    bytesField(w, 2, graph);
    for (const signature of signatures) {
      bytesField(
        w,
        5,
        message((e) => bytesField(stringField(e, 1, signature.name), 2, signatureDef(signature))),
      );
    }
  });
  return message((w) => bytesField(w.tag(1, WireType.Varint).int64(1), 2, metaGraph));
};
