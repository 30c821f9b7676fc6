/** The part of the error table (errors.ts) that training on a card adds. */
import { EXIT } from './exit-status.js';
import type { ErrorEntry } from './exit-status.js';

export const GPU_ERRORS = {
  'gpu-unavailable': {
    exit: EXIT.environment,
    hint: 'Install the NVIDIA Container Toolkit and restart the daemon, or take --gpu=prefer.',
  },
  'gpu-driver-too-old': {
    exit: EXIT.environment,
    hint: "Update NVIDIA's driver, or train on the processor: leave out --gpu, or take --gpu=prefer.",
  },
  'gpu-unknown': {
    exit: EXIT.environment,
    hint: 'Name cards that there are: `runner doctor --gpu` and `nvidia-smi -L` list them.',
  },
  'gpu-unsuitable': {
    exit: EXIT.environment,
    hint: 'Take another card, or train on the processor: docs/gpu.md lists what the engine has kernels for.',
  },
  'gpu-busy': {
    exit: EXIT.environment,
    hint: 'End what else uses the card (`nvidia-smi` lists it), name another one with --gpus, or lower --gpu-memory-limit.',
  },
  'gpu-out-of-memory': { exit: EXIT.environment, hint: 'Lower --batch-size, or raise --gpu-memory-limit.' },
  'gpu-failed': {
    exit: EXIT.runFailed,
    hint: 'The kernel log (`dmesg`, lines with Xid) says more; run it again, on another card if there is one.',
  },
} as const satisfies Record<string, ErrorEntry>;
