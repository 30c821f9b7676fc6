import { expect, it } from 'vitest';
import { inspectDaemon } from '../../../../runtimes/docker/inspect-daemon.js';
import { fakeDaemon, INFO, VERSION } from './connection/fake-daemon.js';

const inspect = async (info: object) => {
  await using daemon = await fakeDaemon({ '/version': VERSION, '/info': { ...INFO, ...info } });
  const { findings } = await inspectDaemon({ env: daemon.env });
  return { findings, socket: daemon.socket };
};
const finding = async (name: string, info: object) =>
  (await inspect(info)).findings.find((found) => found.name === name);

it('tells what the daemon is and can do', async () => {
  const { findings, socket } = await inspect({});
  expect(findings).toEqual([
    { name: 'Docker', value: `29.0.1 (API 1.52) at unix://${socket} (DOCKER_HOST)` },
    {
      name: 'containers on',
      value: 'Debian GNU/Linux 13, x86_64, 4 processors, 8.0 GB, storage by overlayfs',
    },
    { name: 'limits', value: 'memory, no swap, CPU, processes (control groups v2)' },
    { name: 'isolation', value: 'apparmor, seccomp, cgroupns' },
    { name: 'GPUs', value: 'nvidia.com/gpu=0' },
  ]);
});

it('says which limits would have no effect, and what to do about it', async () => {
  const limits = { MemoryLimit: false, SwapLimit: false, CgroupVersion: '1' };
  expect(await finding('limits', limits)).toEqual({
    name: 'limits',
    value: 'CPU, processes (control groups v1)',
    remedy:
      'Without effect here: memory, no swap. The kernel’s control groups lack them (for memory: boot with `cgroup_enable=memory swapaccount=1`).',
  });
  const none = { ...limits, CpuCfsQuota: false, PidsLimit: false, CgroupVersion: undefined };
  expect(await finding('limits', { ...none, SecurityOptions: ['name=rootless'] })).toEqual({
    name: 'limits',
    value: 'none (control groups of unknown version)',
    remedy:
      'Without effect here: memory, no swap, CPU, processes. A rootless daemon needs control groups v2, delegated to its user by systemd.',
  });
});

it('warns where there is no seccomp, or no init for containers', async () => {
  expect(await finding('isolation', { SecurityOptions: [] })).toEqual({
    name: 'isolation',
    value: 'none of seccomp, AppArmor, SELinux',
    remedy: expect.stringContaining('seccomp') as string,
  });
  expect(await finding('isolation', { InitBinary: '' })).toMatchObject({
    remedy: 'The daemon has no docker-init: install the package tini on its machine.',
  });
});

it.each([
  [
    'NVIDIA’s runtime',
    { DiscoveredDevices: null, Runtimes: { runc: {}, nvidia: {} } },
    'NVIDIA’s runtime is there',
  ],
  [
    'CDI without devices',
    { DiscoveredDevices: null },
    'none found (the daemon knows CDI); `train --mode docker --gpu` tells for certain',
  ],
  [
    'neither',
    { DiscoveredDevices: null, CDISpecDirs: [] },
    'none found; `train --mode docker --gpu` tells for certain',
  ],
])('finds GPUs by hints alone: %s', async (_what, info, value) => {
  expect(await finding('GPUs', info)).toEqual({ name: 'GPUs', value });
});

it('tells that there is no daemon, instead of failing', async () => {
  expect(await inspectDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })).toEqual({
    daemon: undefined,
    findings: [
      {
        name: 'Docker',
        value:
          'No answer about itself from the Docker daemon at unix:///nowhere/docker.sock (DOCKER_HOST): connect ENOENT /nowhere/docker.sock.',
        remedy: 'Start Docker, or point DOCKER_HOST at a daemon.',
      },
    ],
  });
  const { findings } = await inspectDaemon({ env: { DOCKER_HOST: 'gopher://x' } });
  expect(findings).toMatchObject([
    { name: 'Docker', remedy: expect.stringContaining('It takes unix:///') as string },
  ]);
});
