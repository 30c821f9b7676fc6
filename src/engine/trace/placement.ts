/**
 * Where an operation runs that TensorFlow alone would place badly.
 *
 * On a card, TensorFlow 2.21 has BitwiseXor of int32 in the card's memory (tensorflow/core/kernels/mlir_generated/
 * gpu_op_bitwise_xor.cc), and StatelessRandomUniform takes its seed from the processor's (stateless_random_ops.cc,
 * `.HostMemory("seed")`): the two numbers of each dropout's seed, which JavaScript feeds, would go to the card and back
 * before its mask can be drawn.
 */
const ON_PROCESSOR = new Set(['BitwiseXor']);

/** As a NodeDef has it; empty where TensorFlow is to choose. */
export const deviceOf = (op: string): string => (ON_PROCESSOR.has(op) ? '/device:CPU:0' : '');
