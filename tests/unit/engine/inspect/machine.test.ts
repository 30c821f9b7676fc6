import { describe, expect, it } from 'vitest';
import { cpuFeatures, cpuQuota } from '../../../../src/engine/inspect/machine.js';

/** Reads from these files; the others are not there. */
const reading =
  (files: Readonly<Record<string, string>>) =>
  (path: string): string | undefined =>
    files[path];

describe('the processor quota', () => {
  it.each<[string, Readonly<Record<string, string>>, number | null]>([
    ['cgroup v2 with one and a half', { '/sys/fs/cgroup/cpu.max': '150000 100000\n' }, 1.5],
    ['cgroup v2 without one', { '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, null],
    [
      'cgroup v1 with two',
      {
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      2,
    ],
    [
      'cgroup v1 without one',
      { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' },
      null,
    ],
    ['no cgroup', {}, null],
  ])('%s', (_what, files, expected) => {
    expect(cpuQuota(reading(files))).toBe(expected);
  });
});

describe('the CPU features that matter', () => {
  it.each<[string, string | undefined, NodeJS.Architecture, readonly string[] | null]>([
    [
      'x64',
      'processor\t: 0\nflags\t\t: fpu avx avx2 fma avx5 rdrand\nbugs\t\t: none\n',
      'x64',
      ['avx', 'avx2', 'fma'],
    ],
    ['arm64', 'Features\t: fp asimd asimddp crc32\n', 'arm64', ['asimd', 'asimddp']],
    ['none of them', 'flags\t\t: fpu\n', 'x64', []],
    ['a system that does not tell', undefined, 'arm64', null],
    ['a CPU that we know nothing of', 'flags: x\n', 'riscv64', null],
  ])('%s', (_what, cpuinfo, architecture, expected) => {
    expect(cpuFeatures(cpuinfo, architecture)).toEqual(expected);
  });
});
