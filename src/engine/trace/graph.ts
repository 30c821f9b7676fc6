/** Builds a GraphDef node by node; the helpers name the operations this folder writes itself. */
import { attr, nodeDef, type AttrValue, type DType } from './proto.js';

/** `name`, or `name:output` for a later output. */
export type NodeRef = string;

const T = (dtype: DType = 'float32'): Record<string, AttrValue> => ({ T: attr.type(dtype) });

export class GraphBuilder {
  readonly nodes: Uint8Array[] = [];
  private readonly constants = new Map<string, NodeRef>();
  private count = 0;

  /** @param device as a NodeDef has it; empty: TensorFlow chooses */
  add(
    op: string,
    inputs: readonly NodeRef[],
    attrs: Readonly<Record<string, AttrValue>> = {},
    name = `${op}_${this.count++}`,
    device = '',
  ): NodeRef {
    this.nodes.push(nodeDef(name, op, inputs, attrs, device));
    return name;
  }

  /** A constant; equal ones are one node. `content` is little-endian. */
  constant(dtype: DType, shape: readonly number[], content: Uint8Array): NodeRef {
    const key = `${dtype}[${shape.join()}]${Buffer.from(content).toString('latin1')}`;
    const found = this.constants.get(key);
    if (found !== undefined) return found;
    const made = this.add('Const', [], {
      dtype: attr.type(dtype),
      value: attr.tensor(dtype, shape, content),
    });
    this.constants.set(key, made);
    return made;
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): NodeRef {
    return this.constant('float32', shape, new Uint8Array(Float32Array.from(values).buffer));
  }
  float(value: number): NodeRef {
    return this.floats([value], []);
  }
  ints(values: readonly number[], shape: readonly number[] = [values.length]): NodeRef {
    return this.constant('int32', shape, new Uint8Array(Int32Array.from(values).buffer));
  }
  int(value: number): NodeRef {
    return this.ints([value], []);
  }

  placeholder(name: string, dtype: DType, shape: readonly number[]): NodeRef {
    return this.add('Placeholder', [], { dtype: attr.type(dtype), shape: attr.shape(shape) }, name);
  }

  variable(name: string, shape: readonly number[]): NodeRef {
    const attrs = { dtype: attr.type('float32'), shape: attr.shape(shape), shared_name: attr.string(name) };
    return this.add('VarHandleOp', [], attrs, name);
  }
  read(variable: NodeRef, name?: string, after: readonly NodeRef[] = []): NodeRef {
    const inputs = [variable, ...after.map(control)];
    return this.add('ReadVariableOp', inputs, { dtype: attr.type('float32') }, name);
  }
  /** The same values in memory of TensorFlow's own. */
  copy(value: NodeRef): NodeRef {
    return this.add('DeepCopy', [value], T());
  }
  assign(variable: NodeRef, value: NodeRef, after: readonly NodeRef[] = []): NodeRef {
    return this.add('AssignVariableOp', [variable, value, ...after.map(control)], {
      dtype: attr.type('float32'),
    });
  }

  binary(op: 'Mul' | 'AddV2' | 'RealDiv' | 'Sub', a: NodeRef, b: NodeRef, dtype: DType = 'float32'): NodeRef {
    return this.add(op, [a, b], T(dtype));
  }
  cast(value: NodeRef, from: DType, to: DType): NodeRef {
    return this.add('Cast', [value], {
      SrcT: attr.type(from),
      DstT: attr.type(to),
      Truncate: attr.bool(false),
    });
  }
  pack(values: readonly NodeRef[], dtype: DType, name?: string): NodeRef {
    return this.add('Pack', values, { ...T(dtype), N: attr.int(values.length), axis: attr.int(0) }, name);
  }
  unpack(value: NodeRef, count: number, dtype: DType): NodeRef[] {
    const name = this.add('Unpack', [value], { ...T(dtype), num: attr.int(count), axis: attr.int(0) });
    return Array.from({ length: count }, (_, i) => (i === 0 ? name : `${name}:${i}`));
  }
  fill(dims: NodeRef, value: NodeRef, dtype: DType): NodeRef {
    return this.add('Fill', [dims, value], { ...T(dtype), index_type: attr.type('int32') });
  }
  /** Passes `value` on once every node of `after` has run. */
  identity(value: NodeRef, name: string, after: readonly NodeRef[] = [], dtype: DType = 'float32'): NodeRef {
    return this.add('Identity', [value, ...after.map(control)], T(dtype), name);
  }
  /** The same value, though not before every node of `nodes` has run. */
  after(value: NodeRef, dtype: DType, nodes: readonly NodeRef[]): NodeRef {
    return nodes.length === 0 ? value : this.add('Identity', [value, ...nodes.map(control)], T(dtype));
  }
  /** Has run once every node of `nodes` has. */
  allOf(nodes: readonly NodeRef[]): NodeRef {
    return this.add('NoOp', nodes.map(control));
  }
  /** The size of the first dimension, an int32 scalar. */
  batchSize(tensor: NodeRef, dtype: DType): NodeRef {
    const shape = this.add('Shape', [tensor], { ...T(dtype), out_type: attr.type('int32') });
    const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask'];
    return this.add('StridedSlice', [shape, this.ints([0]), this.ints([1]), this.ints([1])], {
      ...T('int32'),
      Index: attr.type('int32'),
      ...Object.fromEntries(masks.map((mask) => [mask, attr.int(0)])),
      shrink_axis_mask: attr.int(1),
    });
  }
}

export const control = (node: NodeRef): string => `^${node.split(':')[0] ?? node}`;
