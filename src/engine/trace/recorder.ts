/** Records what tfjs does in one eager call as a list of TensorFlow operations. */
import { backendOf, type OpAttr, type TensorInfo } from './backend.js';
import { DT } from './proto.js';
import { UntraceableError, type Tensor, type TensorFlow, type TensorLike } from './types.js';

/** Where a value comes from: an argument of the recording, a constant, or an output of an earlier operation. */
export type ValueRef =
  | { readonly from: 'argument'; readonly name: string }
  | { readonly from: 'constant'; readonly index: number }
  | { readonly from: 'operation'; readonly index: number; readonly output: number };

export interface RecordedOp {
  readonly op: string;
  readonly attrs: readonly OpAttr[];
  readonly inputs: readonly ValueRef[];
}

export interface RecordedConstant {
  readonly dtype: 'float32' | 'int32' | 'bool' | 'int64';
  readonly shape: readonly number[];
  readonly values: TensorLike;
}

export interface Recording {
  readonly ops: readonly RecordedOp[];
  /** Values that JavaScript made: literals, shapes, and whatever else no recorded operation produced. */
  readonly constants: readonly RecordedConstant[];
  readonly results: Readonly<Record<string, ValueRef>>;
}

/** tfjs-node's wrapper of a 64-bit scalar operand: it has no dataId. */
interface Int64Scalar {
  readonly valueArray: Int32Array;
}

/** Operations to which tfjs-node gives no `T`: eager execution infers it from the first input, a NodeDef cannot. */
const TYPE_INFERRED = new Set(['ExpandDims', 'Max', 'Mean', 'Min', 'Sum']);
const TENSORFLOW_TYPE: Readonly<Record<string, number>> = {
  float32: DT.float32,
  int32: DT.int32,
  bool: DT.bool,
};

const SUPPORTED_DTYPES = new Set(['float32', 'int32', 'bool']);

class Recorder {
  readonly ops: RecordedOp[] = [];
  readonly constants: RecordedConstant[] = [];
  /**
   * Keyed by tfjs's dataId objects, which are held here as long as the recording lasts: a disposed tensor's id can
   * therefore never be taken for another's.
   */
  private readonly known = new Map<object, { ref: ValueRef; shape: readonly number[] }>();

  /** The operation whose inputs are being looked up, for errors. */
  private consumer = 'model';

  constructor(private readonly tf: TensorFlow) {}

  define(tensor: TensorInfo, ref: ValueRef): void {
    if (tensor.dataId !== undefined) this.known.set(tensor.dataId, { ref, shape: tensor.shape });
  }

  refOf(tensor: TensorInfo): ValueRef {
    if (tensor.dataId === undefined) return this.int64(tensor as unknown as Int64Scalar);
    const found = this.known.get(tensor.dataId);
    if (!found) return this.capture(tensor, tensor.dataId);
    // tfjs reshapes by giving the same data another shape: in a graph that is an operation.
    if (found.shape.join() !== tensor.shape.join()) return this.reshape(found.ref, tensor);
    return found.ref;
  }

  private typeAttr(name: string, dtype: string): OpAttr {
    return { name, type: backendOf(this.tf).binding.TF_ATTR_TYPE, value: TENSORFLOW_TYPE[dtype] };
  }

  private int64({ valueArray }: Int64Scalar): ValueRef {
    this.constants.push({ dtype: 'int64', shape: [], values: Int32Array.from(valueArray) });
    return { from: 'constant', index: this.constants.length - 1 };
  }

  private capture(tensor: TensorInfo, dataId: object): ValueRef {
    if (!SUPPORTED_DTYPES.has(tensor.dtype)) {
      throw new UntraceableError(
        this.consumer,
        `it takes a ${tensor.dtype} value that JavaScript made; numbers and booleans can be in the graph`,
      );
    }
    const values = backendOf(this.tf).readSync(dataId).slice();
    const dtype = tensor.dtype as RecordedConstant['dtype'];
    this.constants.push({ dtype, shape: tensor.shape, values });
    const ref: ValueRef = { from: 'constant', index: this.constants.length - 1 };
    this.define(tensor, ref);
    return ref;
  }

  private reshape(source: ValueRef, tensor: TensorInfo): ValueRef {
    this.constants.push({
      dtype: 'int32',
      shape: [tensor.shape.length],
      values: Int32Array.from(tensor.shape),
    });
    const shape: ValueRef = { from: 'constant', index: this.constants.length - 1 };
    const attrs = [this.typeAttr('T', tensor.dtype), this.typeAttr('Tshape', 'int32')];
    this.ops.push({ op: 'Reshape', attrs, inputs: [source, shape] });
    return { from: 'operation', index: this.ops.length - 1, output: 0 };
  }

  /** True for a value that differs from run to run: an argument, or computed from one. */
  isComputed(dataId: object): boolean {
    const found = this.known.get(dataId);
    return found !== undefined && found.ref.from !== 'constant';
  }

  /** The operation that computed a value, or the argument that it is. */
  nameOf(dataId: object): string {
    const ref = this.known.get(dataId)?.ref;
    if (ref?.from === 'operation') return this.ops[ref.index]?.op ?? 'operation';
    return ref?.from === 'argument' ? ref.name : 'Const';
  }

  executed(
    op: string,
    attrs: readonly OpAttr[] | null,
    inputs: readonly TensorInfo[],
    outputs: readonly Tensor[],
  ): void {
    this.consumer = op;
    const refs = inputs.map((input) => this.refOf(input));
    const [first] = inputs;
    const inferred = TYPE_INFERRED.has(op) && first ? [this.typeAttr('T', first.dtype)] : [];
    this.ops.push({ op, attrs: [...inferred, ...(attrs ?? [])], inputs: refs });
    const index = this.ops.length - 1;
    outputs.forEach((tensor, output) => this.define(tensor, { from: 'operation', index, output }));
  }
}

/**
 * Runs `body` eagerly and records it. `args` are the tensors that become inputs of the graph; anything else that
 * `body` reads becomes a constant.
 *
 * Every tfjs-node kernel ends in `executeSingleOutput` or `executeMultipleOutputs`, with the operation's name and
 * attributes exactly as a NodeDef has them, so those two are listened to.
 */
export function record(
  tf: TensorFlow,
  args: Readonly<Record<string, Tensor>>,
  body: () => Readonly<Record<string, Tensor>>,
): Recording {
  const recorder = new Recorder(tf);
  for (const [name, tensor] of Object.entries(args)) recorder.define(tensor, { from: 'argument', name });
  const stopListening = listen(tf, recorder);
  try {
    const results: Record<string, ValueRef> = {};
    tf.tidy(() => {
      for (const [name, tensor] of Object.entries(body())) results[name] = recorder.refOf(tensor);
    });
    return { ops: recorder.ops, constants: recorder.constants, results };
  } finally {
    stopListening();
  }
}

/** Puts the recorder between tfjs and its native binding; the returned function takes it out again. */
function listen(tf: TensorFlow, recorder: Recorder): () => void {
  const backend = backendOf(tf);
  const engine = tf.engine() as unknown as { runKernel(...args: unknown[]): unknown };
  const single = backend.executeSingleOutput.bind(backend);
  const multiple = backend.executeMultipleOutputs.bind(backend);
  const readSync = backend.readSync.bind(backend);
  const runKernel = engine.runKernel.bind(engine);

  backend.executeSingleOutput = (op, attrs, inputs) => {
    const output = single(op, attrs, inputs);
    recorder.executed(op, attrs, inputs, [output]);
    return output;
  };
  backend.executeMultipleOutputs = (op, attrs, inputs, count) => {
    const outputs = multiple(op, attrs, inputs, count);
    recorder.executed(op, attrs, inputs, outputs);
    return outputs;
  };
  // A kernel may look at its inputs to check them (GatherV2 does). A layer that looks at a value decides by it, and
  // a graph would freeze that decision.
  let kernelDepth = 0;
  engine.runKernel = (...args) => {
    kernelDepth += 1;
    try {
      return runKernel(...args);
    } finally {
      kernelDepth -= 1;
    }
  };
  backend.readSync = (dataId) => {
    if (kernelDepth === 0 && recorder.isComputed(dataId)) {
      throw new UntraceableError(recorder.nameOf(dataId), 'its value is read while the model runs');
    }
    return readSync(dataId);
  };
  return () => {
    // The methods live on the prototypes: removing the own properties restores them.
    for (const method of ['executeSingleOutput', 'executeMultipleOutputs', 'readSync']) {
      Reflect.deleteProperty(backend, method);
    }
    Reflect.deleteProperty(engine, 'runKernel');
  };
}
