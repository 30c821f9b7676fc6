import { describe, expect, it } from 'vitest';
import { wheelForThisPlatform } from '../../../../src/engine/provision/platform.js';
import { WHEELS } from '../../../../src/engine/provision/wheels.js';

describe('the wheel for a platform', () => {
  it.each([
    ['linux-x64', '2.27'],
    ['linux-x64', '2.36'],
    ['linux-arm64', '3.0'],
    ['darwin-arm64', null],
  ])('is there for %s with glibc %s', (platform, glibc) => {
    expect(wheelForThisPlatform(platform, glibc)).toBe(WHEELS[platform]);
  });

  it.each([
    ['2.26', 'has glibc 2.26'],
    ['1.99', 'has glibc 1.99'],
    [null, 'has another C library (musl?)'],
  ])('is none for a Linux with glibc %s', (glibc, found) => {
    expect(() => wheelForThisPlatform('linux-x64', glibc)).toThrow(
      expect.objectContaining({
        code: 'platform-unsupported',
        message: `The TensorFlow 2.21.0 wheel needs glibc 2.27 or newer; this system ${found}.`,
      }),
    );
  });

  it('is none for a platform without one, and the message names those that have one', () => {
    expect(() => wheelForThisPlatform('win32-x64')).toThrow(
      expect.objectContaining({
        code: 'platform-unsupported',
        message:
          'There is no TensorFlow 2.21.0 wheel for win32-x64; there is one for linux-x64, linux-arm64, darwin-arm64.',
      }),
    );
  });

  it('is pinned by a whole hash and the name that its tags make', () => {
    for (const { fileName, sha256, project, tags } of Object.values(WHEELS)) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(fileName).toBe(`${project.replace('-', '_')}-2.21.0-cp312-${tags.abi}-${tags.platform}.whl`);
    }
  });
});
