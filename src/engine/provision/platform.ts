import { RunnerError } from '../../contract/errors.js';
import { PLATFORM } from '../cache.js';
import { type EngineVariant, TENSORFLOW_VERSION } from '../engine.js';
import { GPU_WHEELS } from './gpu-wheels.js';
import { OLDEST_GLIBC, type PinnedWheel, WHEELS } from './wheels.js';

/** Version of glibc that runs us, or null elsewhere (macOS, musl). */
export function glibcVersion(): string | null {
  const { report } = process;
  // Network interfaces are looked up for the report, which can take seconds.
  (report as { excludeNetwork?: boolean }).excludeNetwork = true;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime ?? null;
}

/** The wheel for this machine. @throws RunnerError `platform-unsupported` if there is none */
export function wheelForThisPlatform(
  platform = PLATFORM,
  glibc = glibcVersion(),
  variant: EngineVariant = 'cpu',
): PinnedWheel {
  const wheels = { cpu: WHEELS, gpu: GPU_WHEELS }[variant];
  const wheel = wheels[platform];
  if (!wheel) {
    const what = variant === 'gpu' ? 'wheel with CUDA' : 'wheel';
    throw new RunnerError(
      'platform-unsupported',
      `There is no TensorFlow ${TENSORFLOW_VERSION} ${what} for ${platform}; there is one for ${Object.keys(wheels).join(', ')}.`,
      variant === 'gpu' ? { hint: 'Train on the processor: leave out --gpu, or take --gpu=prefer.' } : {},
    );
  }
  if (platform.startsWith('linux') && !isGlibcAtLeast(glibc, OLDEST_GLIBC)) {
    const found = glibc === null ? 'has another C library (musl?)' : `has glibc ${glibc}`;
    throw new RunnerError(
      'platform-unsupported',
      `The TensorFlow ${TENSORFLOW_VERSION} wheel needs glibc ${OLDEST_GLIBC} or newer; this system ${found}.`,
    );
  }
  return wheel;
}

export function isGlibcAtLeast(version: string | null, oldest: string): boolean {
  if (version === null) return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
