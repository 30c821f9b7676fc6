/**
 * TensorFlow's StatelessRandomUniform without TensorFlow, to the bit: Philox4x32-10 (Salmon et al. 2011), with the seed
 * mixed as in tensorflow/core/kernels/stateless_random_ops.cc.
 */
const MULTIPLIER_A = 0xd2511f53;
const MULTIPLIER_C = 0xcd9e8d57;
const KEY_STEP_0 = 0x9e3779b9;
const KEY_STEP_1 = 0xbb67ae85;
const ROUNDS = 10;
const MIXING_KEY = [0x3ec8f720, 0x02461e29] as const;
/** The bits of a float32 behind its exponent; with that of 1 they are a number in [1, 2). */
const MANTISSA = 0x7fffff;
const EXPONENT_OF_ONE = 0x3f800000;

type Key = readonly [number, number];
type Words = readonly [number, number, number, number];

/**
 * @param seed two int32
 * @returns `count` float32 in [0, 1)
 */
export function statelessUniform(count: number, [first, second]: Key): Float32Array {
  // As two 64-bit numbers.
  const [key0, key1, low, high] = philox([first, first >> 31, second, second >> 31], MIXING_KEY);
  const bits = new Uint32Array(Math.ceil(count / 4) * 4);
  for (let block = 0; 4 * block < count; block += 1) {
    bits.set(philox([block, 0, low, high], [key0, key1]), 4 * block);
  }
  const fromOne = new Float32Array(bits.map((word) => (word & MANTISSA) | EXPONENT_OF_ONE).buffer);
  return fromOne.subarray(0, count).map((value) => value - 1);
}

function philox(counter: Words, key: Key): Words {
  let [a, b, c, d] = counter;
  let [key0, key1] = key;
  for (let round = 0; round < ROUNDS; round += 1) {
    const highOfA = highProduct(MULTIPLIER_A, a);
    const highOfC = highProduct(MULTIPLIER_C, c);
    const lowOfA = Math.imul(MULTIPLIER_A, a);
    const lowOfC = Math.imul(MULTIPLIER_C, c);
    a = highOfC ^ b ^ key0;
    b = lowOfC;
    c = highOfA ^ d ^ key1;
    d = lowOfA;
    key0 = (key0 + KEY_STEP_0) | 0;
    key1 = (key1 + KEY_STEP_1) | 0;
  }
  return [a, b, c, d];
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers, by parts of 16 bits. */
function highProduct(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = Math.floor(((middle & 0xffff) + aLow * bHigh) / 0x10000);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + carry;
}
