/** What the pinned engine for GPUs asks of the machine. docs/gpu.md says where each figure is from. */
export const REQUIREMENTS = {
  /** Of the pinned wheels. */
  cuda: '12.9',
  cudnn: '9.28',
  /** With it any CUDA 12 runs (NVIDIA, “CUDA compatibility”, minor version compatibility, Linux on x86_64). */
  driver: '525.60.13',
  /** The least of the compiled kernels in TensorFlow 2.21.0: 6.0, 7.0, 8.0, 8.9, some 9.0; newer ones are compiled by the driver. */
  computeCapability: '6.0',
  /** Contexts of CUDA, cuDNN and cuBLAS take some hundreds of megabytes before the first tensor. */
  freeBytes: 1024 ** 3,
} as const;

/** Whether a version of numbers and dots is another or later than it. */
export function isAtLeast(version: string, oldest: string): boolean {
  const numbers = (text: string): number[] => text.split('.').map(Number);
  const [found, wanted] = [numbers(version), numbers(oldest)];
  for (const [index, number] of wanted.entries()) {
    const other = found[index] ?? 0;
    if (other !== number) return other > number;
  }
  return true;
}
