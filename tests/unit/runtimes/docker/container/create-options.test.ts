import { describe, expect, it } from 'vitest';
import {
  createOptions,
  fillOptions,
  PATHS,
  type TrainerContainer,
} from '../../../../../runtimes/docker/container/create-options.js';
import { limitsOf } from '../../../../../src/isolation/container-limits.js';
import { DEFAULT_LIMITS, LEAST_MEMORY_BYTES } from '../../../../../src/contract/limits.js';
import type { GpuRequest } from '../../../../../src/contract/run-spec.js';

const MIB = 1024 ** 2;
const CONTAINER: TrainerContainer = {
  image: 'sha256:image',
  labels: { 'runner.managed': '1' },
  ...{ inVolume: 'in', outVolume: 'out', command: ['--plan', '/in/plan.json'] },
  limits: { memoryBytes: 1024 * MIB, cpus: 1.5, pids: 99, shmBytes: 32 * MIB },
};

describe('what is asked for a trainer', () => {
  it('is this, and nothing else', () => {
    expect(createOptions(CONTAINER)).toEqual({
      Image: 'sha256:image',
      Cmd: ['--plan', '/in/plan.json'],
      User: '10001:10001',
      Env: ['NODE_OPTIONS=--max-old-space-size=512'],
      Labels: { 'runner.managed': '1' },
      NetworkDisabled: true,
      AttachStdin: false,
      OpenStdin: false,
      StdinOnce: false,
      AttachStdout: false,
      AttachStderr: false,
      HostConfig: {
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Privileged: false,
        Init: true,
        IpcMode: 'private',
        PidsLimit: 99,
        Memory: 1_073_741_824,
        MemorySwap: 1_073_741_824,
        NanoCpus: 1_500_000_000,
        ShmSize: 33_554_432,
        Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=67108864,mode=1777' },
        Ulimits: [
          { Name: 'nofile', Soft: 4096, Hard: 4096 },
          { Name: 'core', Soft: 0, Hard: 0 },
        ],
        LogConfig: { Type: 'json-file', Config: { 'max-size': '512m', 'max-file': '2' } },
        RestartPolicy: { Name: 'no' },
        AutoRemove: false,
        Mounts: [
          { Type: 'volume', Source: 'in', Target: '/in', ReadOnly: true },
          { Type: 'volume', Source: 'out', Target: '/out' },
        ],
      },
    });
  });

  it('opens the standard input for one client where it waits for its plan, and differs in nothing else', () => {
    const { AttachStdin, OpenStdin, StdinOnce, ...rest } = createOptions({ ...CONTAINER, waits: true });
    expect({ AttachStdin, OpenStdin, StdinOnce }).toEqual({
      AttachStdin: true,
      OpenStdin: true,
      StdinOnce: true,
    });
    const closed = { AttachStdin: false, OpenStdin: false, StdinOnce: false };
    expect({ ...rest, ...closed }).toEqual(createOptions(CONTAINER));
  });

  it.each<[string, GpuRequest['devices'], object]>([
    ['all', 'all', { Count: -1 }],
    ['two', 2, { Count: 2 }],
    ['these', ['0', 'GPU-5a1b'], { DeviceIDs: ['0', 'GPU-5a1b'] }],
  ])('asks for GPUs (%s) and gives up no hardening for them', (_what, devices, which) => {
    for (const prefer of [true, false]) {
      const { HostConfig, ...rest } = createOptions({ ...CONTAINER, gpu: { devices, prefer } });
      const { HostConfig: plain, ...others } = createOptions(CONTAINER);
      expect(rest).toEqual({ ...others, Env: [...(others.Env ?? []), 'CUDA_CACHE_DISABLE=1'] });
      expect(HostConfig).toEqual({
        ...plain,
        DeviceRequests: [
          { Driver: '', ...which, Capabilities: [['gpu', 'compute', 'utility']], Options: {} },
        ],
      });
    }
  });

  it('mounts nothing of the host, and adds nothing that was dropped', () => {
    const { HostConfig } = createOptions({ ...CONTAINER, gpu: { devices: 'all', prefer: false } });
    for (const name of [
      'Binds',
      'CapAdd',
      'Devices',
      'PidMode',
      'UsernsMode',
      'Runtime',
      'VolumesFrom',
      'ExtraHosts',
    ]) {
      expect(HostConfig).not.toHaveProperty(name);
    }
    expect(HostConfig?.Mounts?.map(({ Type }) => Type)).toEqual(['volume', 'volume']);
  });

  it('shares no list with what it was made of', () => {
    const options = createOptions(CONTAINER);
    options.Cmd!.push('x');
    expect(CONTAINER.command).toEqual(['--plan', '/in/plan.json']);
  });
});

describe('the limits of a trainer', () => {
  it('are the defaults where the spec has none, and as many processors as threads', () => {
    const expected = { memoryBytes: 2048 * MIB, cpus: 3, pids: 256, shmBytes: 64 * MIB };
    expect(limitsOf(undefined, 3)).toEqual(expected);
    expect(limitsOf({}, 3)).toEqual(expected);
    expect(DEFAULT_LIMITS.memoryBytes).toBeGreaterThan(LEAST_MEMORY_BYTES);
  });

  it('are those of the spec', () => {
    const limits = { memoryBytes: 700 * MIB, cpus: 0.25, pids: 5, shmBytes: MIB };
    expect(limitsOf({ ...limits, timeoutMs: 9 }, 3)).toEqual(limits);
    expect(createOptions({ ...CONTAINER, limits }).HostConfig).toMatchObject({
      ...{
        Memory: 734_003_200,
        MemorySwap: 734_003_200,
        NanoCpus: 250_000_000,
        PidsLimit: 5,
        ShmSize: 1_048_576,
      },
    });
    expect(createOptions({ ...CONTAINER, limits }).Env).toEqual(['NODE_OPTIONS=--max-old-space-size=350']);
  });
});

it('what fills the volume is never started, and mounts nothing but that volume', () => {
  expect(fillOptions('sha256:image', { a: 'b' }, 'in')).toEqual({
    ...{ Image: 'sha256:image', Labels: { a: 'b' }, NetworkDisabled: true },
    HostConfig: {
      NetworkMode: 'none',
      Mounts: [
        {
          ...{ Type: 'volume', Source: 'in', Target: PATHS.in },
          VolumeOptions: { NoCopy: false, Labels: { a: 'b' }, DriverConfig: { Name: '', Options: {} } },
        },
      ],
    },
  });
});
