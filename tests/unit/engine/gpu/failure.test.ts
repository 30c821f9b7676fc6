import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../../src/contract/errors.js';
import { nameGpuFailure } from '../../../../src/engine/gpu/failure.js';

const named = (message: string, batchSize = 128) => nameGpuFailure(new Error(message), { batchSize });

describe('a card whose memory is used up', () => {
  // As tfjs-node's binding words TensorFlow's.
  const OOM =
    'Session fail to run with error: OOM when allocating tensor with shape[4096,32,26,26] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc\n\t [[{{node Relu}}]]\nHint: …';

  it('is told with the tensor that did not fit, and half the batch as what to try', () => {
    expect(named(OOM, 4096)).toMatchObject({
      ...{ code: 'gpu-out-of-memory', exitCode: 3 },
      message:
        "The card's memory is used up, when a tensor of shape [4096,32,26,26] was to be made: Session fail to run with error: OOM when allocating tensor with shape[4096,32,26,26] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
      hint: 'Half the batch needs about half the memory: --batch-size 2048. Or raise --gpu-memory-limit, or take a card that nobody else uses.',
    });
  });

  it('is told by the line that says so, where several operations have failed', () => {
    const [line = ''] = OOM.replace(/^.*error: /, '').split('\n');
    const several = `Session fail to run with error: 2 root error(s) found.\n  (0) RESOURCE_EXHAUSTED: ${line}\n\t [[{{node Relu}}]]`;
    expect(named(several, 4096)).toMatchObject({
      message: `The card's memory is used up, when a tensor of shape [4096,32,26,26] was to be made: RESOURCE_EXHAUSTED: ${line}`,
    });
  });

  it('has no smaller batch to propose than one example', () => {
    expect(named(OOM, 1)).toMatchObject({
      hint: 'Raise --gpu-memory-limit, or take a card with more memory or that nobody else uses.',
    });
  });

  it.each([
    'CUDNN_STATUS_ALLOC_FAILED in cuda_dnn.cc',
    'failed to allocate 2.00GiB from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory',
    'Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.1GiB',
    'Out of memory while trying to allocate 2147483648 bytes.',
  ])('is known by %s', (message) => {
    expect(named(message)).toMatchObject({ code: 'gpu-out-of-memory' });
  });
});

describe('a failure of a card', () => {
  it.each([
    [
      'CUDA_ERROR_NO_BINARY_FOR_GPU: no kernel image',
      'gpu-unsuitable',
      'The card has no kernels in this engine',
    ],
    [
      'CUDA Runtime error: cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version',
      'gpu-driver-too-old',
      'The driver does not fit the CUDA libraries',
    ],
    ['CUDA_ERROR_DEVICE_UNAVAILABLE', 'gpu-busy', 'The card is another process’s'],
    [
      'A deterministic GPU implementation of ResizeNearestNeighborGrad is not currently available.',
      'untraceable',
      'An operation of the model has no deterministic kernel for GPUs',
    ],
    ['CUDA_ERROR_ECC_UNCORRECTABLE', 'gpu-failed', 'The card’s memory is damaged (ECC)'],
    ['CUDA_ERROR_NO_DEVICE', 'gpu-failed', 'The card is gone'],
    ['CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access', 'gpu-failed', 'The card failed'],
    ['DNN library initialization failed.', 'gpu-failed', 'The card failed'],
  ])('%s is told as %s', (message, code, what) => {
    expect(named(message)).toMatchObject({ code, message: `${what}: ${message}` });
  });

  it('is not what another error is', () => {
    const error = new Error('shapes do not match');
    expect(nameGpuFailure(error, { batchSize: 1 })).toBe(error);
    const known = new RunnerError('diverged', 'The loss became NaN after CUDA_ERROR_UNKNOWN.');
    expect(nameGpuFailure(known, { batchSize: 1 })).toBe(known);
  });

  it('is found behind a graph that TensorFlow refuses', () => {
    const refused = new RunnerError(
      'untraceable',
      'TensorFlow refuses its graph: CUDA_ERROR_ILLEGAL_ADDRESS.',
    );
    expect(nameGpuFailure(refused, { batchSize: 1 })).toMatchObject({ code: 'gpu-failed' });
  });
});
