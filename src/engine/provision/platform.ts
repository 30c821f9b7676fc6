import { RunnerError } from '../../contract/errors.js';
import { PLATFORM } from '../cache.js';
import { TENSORFLOW_VERSION } from '../engine.js';
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
export function wheelForThisPlatform(platform = PLATFORM, glibc = glibcVersion()): PinnedWheel {
  const wheel = WHEELS[platform];
  if (!wheel) {
    throw new RunnerError(
      'platform-unsupported',
      `There is no TensorFlow ${TENSORFLOW_VERSION} wheel for ${platform}; there is one for ${Object.keys(WHEELS).join(', ')}.`,
    );
  }
  if (platform.startsWith('linux') && !isAtLeast(glibc, OLDEST_GLIBC)) {
    const found = glibc === null ? 'has another C library (musl?)' : `has glibc ${glibc}`;
    throw new RunnerError(
      'platform-unsupported',
      `The TensorFlow ${TENSORFLOW_VERSION} wheel needs glibc ${OLDEST_GLIBC} or newer; this system ${found}.`,
    );
  }
  return wheel;
}

function isAtLeast(version: string | null, oldest: string): boolean {
  if (version === null) return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
