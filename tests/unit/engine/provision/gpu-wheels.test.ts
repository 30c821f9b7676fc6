import { describe, expect, it } from 'vitest';
import { GPU_WHEELS } from '../../../../src/engine/provision/gpu-wheels.js';
import { wheelForThisPlatform } from '../../../../src/engine/provision/platform.js';

const { parts = [], ...library } = GPU_WHEELS['linux-x64']!;

describe('the wheels of the engine for GPUs', () => {
  it('are pinned by whole hashes, names that their tags make, and sizes', () => {
    for (const { fileName, sha256, bytes, project, version, tags } of [library, ...parts]) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(fileName.startsWith(`${project.replaceAll('-', '_')}-${version}-`), fileName).toBe(true);
      expect(fileName.split(/[-.]/)).toContain(tags.platform);
      expect(bytes).toBeGreaterThan(1_000_000);
    }
    expect(new Set(parts.map(({ sha256 }) => sha256)).size).toBe(parts.length);
  });

  it('are kept by their libraries and licences alone', () => {
    for (const { keeps } of parts) {
      const members = Object.keys(keeps);
      expect(members.filter((member) => !/^nvidia\/\w+\/lib\/lib[\w-]+\.so\.[\d.]+$/.test(member))).toEqual([
        expect.stringMatching(/\/License\.txt$/),
      ]);
    }
  });

  // TensorFlow 2.21.0 opens it from libtensorflow_framework, whose search path has no nvidia/cusolver/lib.
  it('lay cuSOLVER where the library looks for it', () => {
    const places = parts.flatMap(({ keeps }) => Object.values(keeps));
    expect(places.filter((place) => place.includes('libcusolver'))).toEqual([
      'nvidia/cublas/lib/libcusolver.so.11',
    ]);
    expect(new Set(places).size).toBe(places.length);
  });

  it('are none for arm64, which is told with what there is', () => {
    expect(() => wheelForThisPlatform('linux-arm64', '2.36', 'gpu')).toThrow(
      expect.objectContaining({
        ...{ code: 'platform-unsupported', exitCode: 3 },
        message: 'There is no TensorFlow 2.21.0 wheel with CUDA for linux-arm64; there is one for linux-x64.',
        hint: 'Train on the processor: leave out --gpu, or take --gpu=prefer.',
      }),
    );
  });
});
