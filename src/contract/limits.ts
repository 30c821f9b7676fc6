/** Limits of a container: those that are taken where none are named, and the least that do. */

const MIB = 1024 ** 2;

/** What a spec is given that names no limits of its own. */
export const DEFAULT_LIMITS = {
  memoryBytes: 2048 * MIB,
  pids: 256,
  shmBytes: 64 * MIB,
} as const;

/** TensorFlow alone takes 300 MB, a step of 128 images as much again. */
export const LEAST_MEMORY_BYTES = 640 * MIB;
