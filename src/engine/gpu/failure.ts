/** Failures of a card, by what TensorFlow says of them while it computes. */
import { describeError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import type { ErrorCode } from '../../contract/errors.js';

interface Known {
  /** What TensorFlow, CUDA, cuDNN and cuBLAS print. */
  readonly words: RegExp;
  readonly code: ErrorCode;
  /** Begins the message. */
  readonly what: string;
  readonly hint?: string;
}

/** The first that fits counts: most certain first. */
const KNOWN: readonly Known[] = [
  {
    words:
      /no kernel image is available|CUDA_ERROR_NO_BINARY_FOR_GPU|unsupported toolchain|CUDA_ERROR_INVALID_PTX/,
    code: 'gpu-unsuitable',
    what: 'The card has no kernels in this engine',
  },
  {
    words:
      /CUDA driver version is insufficient|cudaErrorInsufficientDriver|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH/,
    code: 'gpu-driver-too-old',
    what: 'The driver does not fit the CUDA libraries',
  },
  {
    words: /CUDA_ERROR_DEVICE_UNAVAILABLE|all CUDA-capable devices are busy/,
    code: 'gpu-busy',
    what: 'The card is another process’s',
  },
  {
    words: /d9m-unimplemented|[Dd]eterministic (?:GPU|gpu) (?:implementation|kernel)|determinism is enabled/,
    code: 'untraceable',
    what: 'An operation of the model has no deterministic kernel for GPUs',
    hint: 'Train this model on the processor: leave out --gpu.',
  },
  {
    words: /CUDA_ERROR_ECC_UNCORRECTABLE|uncorrectable ECC/i,
    code: 'gpu-failed',
    what: 'The card’s memory is damaged (ECC)',
    hint: 'Reset the card or restart the machine (`nvidia-smi -q -d ECC`); replace the card if it comes back.',
  },
  {
    words: /CUDA_ERROR_NO_DEVICE|fallen off the bus|Xid/,
    code: 'gpu-failed',
    what: 'The card is gone',
    hint: 'Look at the kernel log (`dmesg | grep -i xid`); the machine may have to be restarted.',
  },
  {
    words:
      /CUDA_ERROR_\w+|cudaError\w+|CUDNN_STATUS_\w+|CUBLAS_STATUS_\w+|CUSOLVER_STATUS_\w+|DNN library initialization failed|Failed to launch \w+|an illegal memory access/,
    code: 'gpu-failed',
    what: 'The card failed',
  },
];

const OUT_OF_MEMORY =
  /OOM when allocating tensor with shape\s*(\[[\d,]*\])|(?:ran )?out of memory (?:while )?trying to allocate|CUDA_ERROR_OUT_OF_MEMORY|CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED|failed to alloc\w* .*(?:GPU|device)/i;

/**
 * The error as it is, or what it says of the card.
 * @param batchSize of the run: half of it is what the hint proposes, since TensorFlow's message has the one tensor that
 * did not fit, and not what all of them need
 */
export function nameGpuFailure(error: unknown, { batchSize }: { readonly batchSize: number }): unknown {
  if (error instanceof RunnerError && error.code !== 'untraceable') return error;
  const said = describeError(error);
  const outOfMemory = OUT_OF_MEMORY.exec(said);
  if (outOfMemory !== null) {
    const shape = outOfMemory[1];
    const tensor = shape === undefined ? '' : `, when a tensor of shape ${shape} was to be made`;
    const words = lineAt(said, outOfMemory.index);
    return new RunnerError('gpu-out-of-memory', `The card's memory is used up${tensor}: ${words}`, {
      cause: error,
      hint:
        batchSize > 1
          ? `Half the batch needs about half the memory: --batch-size ${Math.floor(batchSize / 2)}. Or raise --gpu-memory-limit, or take a card that nobody else uses.`
          : 'Raise --gpu-memory-limit, or take a card with more memory or that nobody else uses.',
    });
  }
  for (const { words, code, what, hint } of KNOWN) {
    const found = words.exec(said);
    if (found === null) continue;
    return new RunnerError(code, `${what}: ${lineAt(said, found.index)}`, {
      cause: error,
      ...(hint !== undefined && { hint }),
    });
  }
  return error;
}

/**
 * Of TensorFlow's messages, which go on with the graph's nodes for pages, the line that tells. It is not the first where several
 * operations have failed: “2 root error(s) found”.
 */
function lineAt(text: string, index: number): string {
  const start = text.lastIndexOf('\n', index - 1) + 1;
  const [whole = ''] = text.slice(start).split('\n');
  const line = whole.replace(/^(?:Invalid TF_Status: \d+\s*)?(?:Message: )?\s*(?:\(\d+\) )?/, '');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
const LONGEST = 300;
