/**
 * What a trainer in its container can and cannot do. docs/security.md names these tests: a line there for each, and
 * tests/unit/docs/security.test.ts sees to it.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { surroundings, type Surroundings } from '../contract/support/modes.js';
import { docker, dockerEnv, expectNoLeftovers, hasDaemon, importTestImage } from '../support/docker.js';
import { startRunner } from '../support/runner.js';
import { testImage } from './support/image.js';
import { probe, runAsTrainer, type Probe } from './support/probe.js';

const MIB = 1024 ** 2;
const LOOK_AROUND = readFileSync(new URL('programs/look-around.cjs', import.meta.url), 'utf8');
/** What Docker gives every container; not every engine gives all of it. */
const USUAL_DEVICES = [
  ...['/dev/console', '/dev/full', '/dev/null', '/dev/ptmx', '/dev/pts/0', '/dev/pts/ptmx', '/dev/random'],
  ...['/dev/tty', '/dev/urandom', '/dev/zero'],
];
/** The kernel's and Docker's own; `bind` mounts of files that Docker makes for the container. */
const USUAL_MOUNTS = /^\/(proc|sys|dev)(\/|$)|^\/(sbin\/docker-init|etc\/(hostname|hosts|resolv\.conf))$/;

interface Seen {
  readonly status: Readonly<Record<string, string>>;
  readonly limits: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ids: readonly unknown[];
  readonly interfaces: readonly string[];
  readonly addresses: readonly string[];
  readonly routes: number;
  readonly lookup: string;
  readonly outside: string;
  readonly hostLoopback: string;
  readonly hostAbstract: string;
  readonly processes: readonly string[];
  readonly mounts: readonly {
    readonly at: string;
    readonly options: readonly string[];
    readonly type: string;
  }[];
  readonly writable: readonly string[];
  readonly writableFiles: readonly string[];
  readonly setuid: readonly string[];
  readonly executables: readonly string[];
  readonly devices: readonly string[];
  readonly sockets: readonly string[];
  readonly hostFiles: string;
  readonly writes: Readonly<Record<string, string>>;
  readonly becomeRoot: string;
  readonly cgroup: Readonly<Record<'memory' | 'swap' | 'quota' | 'pids', string | undefined>>;
}

let here: Surroundings;
let looked: Probe;
let seen: Seen;
beforeAll(async () => {
  if (!hasDaemon()) return;
  here = await surroundings({ train: 600, test: 100 });
  // What listens on the host must be out of reach: on its loopback, and by a name that is in no file system.
  const name = `runner-test-${randomBytes(8).toString('hex')}`;
  const [loopback, abstract] = [createServer(), createServer()];
  loopback.listen(0, '127.0.0.1');
  abstract.listen(`\0${name}`);
  try {
    await Promise.all([once(loopback, 'listening'), once(abstract, 'listening')]);
    const { port } = loopback.address() as AddressInfo;
    looked = await probe(LOOK_AROUND, [String(port), name, here.runsDir]);
    seen = JSON.parse(looked.stdout) as Seen;
  } finally {
    loopback.close();
    abstract.close();
  }
});
afterAll(() => {
  if (hasDaemon()) here[Symbol.dispose]();
});
afterEach(expectNoLeftovers);

describe('network', () => {
  it('has no interface but its own loopback, and no route', () => {
    const { interfaces, addresses, routes } = seen;
    expect({ interfaces, routes }).toEqual({ interfaces: ['lo'], routes: 0 });
    expect(['127.0.0.1', '::1']).toEqual(expect.arrayContaining([...addresses]));
    expect(looked.inspected.HostConfig.NetworkMode).toBe('none');
  });

  it('finds no name and reaches no address, nor what listens on the host', () => {
    const { lookup, outside, hostLoopback, hostAbstract } = seen;
    expect({ lookup, outside, hostLoopback, hostAbstract }).toEqual({
      ...{ lookup: 'EAI_AGAIN', outside: 'ENETUNREACH' },
      ...{ hostLoopback: 'ECONNREFUSED', hostAbstract: 'ECONNREFUSED' },
    });
  });
});

describe('files', () => {
  it('can write to /out, /tmp, /dev/shm and /dev/mqueue and to no other folder or file', () => {
    expect(seen.writable).toEqual(['/dev/mqueue', '/dev/shm', '/out', '/tmp']);
    expect(seen.writableFiles).toEqual([]);
  });

  it('cannot change its image, its input or the settings of the kernel', () => {
    const { '/dev/x': inDev, ...others } = seen.writes;
    expect(inDev).toBe('EACCES');
    expect(others).toEqual({
      ...{ '/x': 'EROFS', '/in/x': 'EROFS', '/opt/runner/app/x': 'EROFS', '/usr/local/bin/x': 'EROFS' },
      ...{ '/etc/x': 'EROFS', '/proc/sys/kernel/hostname': 'EROFS', '/sys/x': 'EROFS' },
    });
  });

  it('can run nothing that it writes to /tmp, /dev/shm or /dev/mqueue', async () => {
    const { stdout, stderr } = await probe(
      `
      const { chmodSync, writeFileSync } = require('node:fs');
      const { spawnSync } = require('node:child_process');
      const tried = process.argv.slice(1).map((folder) => {
        const program = folder + '/program';
        writeFileSync(program, '#!/usr/local/bin/node\\n');
        chmodSync(program, 0o755);
        const { error, status } = spawnSync(program);
        return [folder, error?.code ?? status];
      });
      console.log(JSON.stringify(Object.fromEntries(tried)));
    `,
      ['/tmp', '/dev/shm', '/out'],
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ '/tmp': 'EACCES', '/dev/shm': 'EACCES', '/out': 0 });
    const optionsOf = (path: string) => seen.mounts.findLast(({ at }) => at === path)?.options;
    for (const path of ['/tmp', '/dev/shm', '/dev/mqueue']) {
      expect(optionsOf(path)).toEqual(expect.arrayContaining(['noexec', 'nosuid', 'nodev']));
    }
  });

  it('can fill /tmp up to 64 MiB, and /dev/shm up to its limit', async () => {
    const { stdout } = await probe(
      `
      const { openSync, writeSync } = require('node:fs');
      const fill = (path) => {
        const file = openSync(path, 'w');
        const block = Buffer.alloc(2 ** 20, 1);
        for (let written = 0; ; ) {
          try {
            written += writeSync(file, block);
          } catch ({ code }) {
            return [code, written];
          }
        }
      };
      console.log(JSON.stringify([fill('/tmp/full'), fill('/dev/shm/full')]));
    `,
      [],
      { limits: { shmBytes: 16 * MIB } },
    );
    expect(JSON.parse(stdout)).toEqual([
      ['ENOSPC', 64 * MIB],
      ['ENOSPC', 16 * MIB],
    ]);
  });

  it('sees nothing of the host: two volumes and no bind mount', () => {
    const { HostConfig, Mounts } = looked.inspected;
    expect(Mounts.map(({ Type, Destination, RW }) => [Type, Destination, RW]).sort()).toEqual([
      ['volume', '/in', false],
      ['volume', '/out', true],
    ]);
    expect(HostConfig.Binds ?? []).toEqual([]);
    expect(HostConfig.VolumesFrom ?? []).toEqual([]);
    expect(
      seen.mounts
        .map(({ at }) => at)
        .filter((at) => !USUAL_MOUNTS.test(at))
        .sort(),
    ).toEqual([...['/', '/in', '/out', '/tmp']]);
    expect(existsSync(here.runsDir)).toBe(true);
    expect(seen.hostFiles).toBe('ENOENT');
  });

  it('finds no socket of the daemon, nor any other', () => {
    expect(seen.sockets).toEqual([]);
  });

  it('has the devices that every container has and no more', () => {
    expect(USUAL_DEVICES).toEqual(expect.arrayContaining([...seen.devices]));
    expect(seen.devices).toEqual(expect.arrayContaining(['/dev/null', '/dev/urandom']));
    const { HostConfig } = looked.inspected;
    expect([HostConfig.Devices ?? [], HostConfig.DeviceRequests ?? []]).toEqual([[], []]);
  });
});

describe('privileges', () => {
  it('is user 10001 and has no capability, now or ever', () => {
    const { Uid, Gid, CapInh, CapPrm, CapEff, CapBnd, CapAmb } = seen.status;
    expect(seen.ids).toEqual([10001, 10001, [10001]]);
    expect([Uid, Gid]).toEqual([Array(4).fill('10001').join('\t'), Array(4).fill('10001').join('\t')]);
    expect({ CapInh, CapPrm, CapEff, CapBnd, CapAmb }).toEqual({
      ...{ CapInh: '0000000000000000', CapPrm: '0000000000000000', CapEff: '0000000000000000' },
      ...{ CapBnd: '0000000000000000', CapAmb: '0000000000000000' },
    });
    expect(looked.inspected.HostConfig.Privileged).toBe(false);
  });

  it('cannot become another user: no new privileges, no setuid program', () => {
    expect(seen.status.NoNewPrivs).toBe('1');
    expect(seen.becomeRoot).toBe('EPERM');
    expect(seen.setuid).toEqual([]);
  });

  it('finds no shell and no program but Node', () => {
    const known = [
      '/.dockerenv',
      '/etc/hosts',
      '/etc/resolv.conf',
      '/sbin/docker-init',
      '/usr/local/bin/node',
    ];
    expect(known).toEqual(expect.arrayContaining([...seen.executables]));
    expect(seen.executables).toContain('/usr/local/bin/node');
  });

  it('cannot mount, make devices or namespaces, were there programs for it', async () => {
    const image = await importTestImage(await docker());
    const script = [
      'for command in "mount -t tmpfs none /tmp" "mknod /tmp/device b 8 0" "unshare -U true" "unshare -m true"',
      'do $command 2>/dev/null; echo "$command: $?"; done',
    ].join('\n');
    const attempt = async (hostConfig: Docker.HostConfig = {}) =>
      (await runAsTrainer(['/bin/sh', '-c', script], { image, hostConfig })).stdout.trim().split('\n');
    for (const line of await attempt()) expect(line).toMatch(/: [1-9]\d*$/);
    // Without the filter the kernel would make a user namespace for anybody, and with it a root of its own.
    expect(seen.status.Seccomp).toBe('2');
  });
});

describe('other processes', () => {
  it('sees its own: an init and Node', () => {
    expect(seen.processes).toEqual(['docker-init', 'node']);
    const { PidMode, IpcMode } = looked.inspected.HostConfig;
    expect([PidMode, IpcMode]).toEqual(['', 'private']);
  });

  it('can start no more of them than its limit', async () => {
    const pids = 48;
    const { stdout, exitCode } = await probe(
      `
      const { spawn } = require('node:child_process');
      const next = (started) => {
        const child = spawn('/usr/local/bin/node', ['-e', 'setInterval(() => {}, 1e9)']);
        child.once('error', ({ code }) => {
          console.log(JSON.stringify({ code, started }));
          process.exit(0);
        });
        // Bounded, should the limit not hold.
        child.once('spawn', () => (started < 200 ? next(started + 1) : process.exit(3)));
      };
      next(0);
    `,
      [],
      { limits: { pids } },
    );
    const { code, started } = JSON.parse(stdout) as { code: string; started: number };
    expect([exitCode, code]).toEqual([0, 'EAGAIN']);
    expect(started).toBeGreaterThan(0);
    expect(started).toBeLessThan(pids);
    expect(seen.cgroup.pids).toBe('256');
  });
});

describe('resources', () => {
  it('is killed beyond its memory, with no swap on top', async () => {
    const limit = 160 * MIB;
    const { exitCode, stdout, inspected } = await probe(
      `
      const kept = [];
      // Bounded, should the limit not hold.
      for (let taken = 0; taken < 640; taken += 16) kept.push(Buffer.alloc(16 * 2 ** 20, 1));
      console.log('took it all');
    `,
      [],
      { limits: { memoryBytes: limit } },
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 137, stdout: '' });
    expect(inspected.State.OOMKilled).toBe(true);
    const { Memory, MemorySwap, OomKillDisable } = inspected.HostConfig;
    expect([Memory, MemorySwap, OomKillDisable ?? false]).toEqual([limit, limit, false]);
    expect(seen.cgroup.memory).toBe(String(2048 * MIB));
    // v1 counts memory and swap together; v2 swap alone; a kernel without swap accounting neither.
    expect([String(2048 * MIB), '0', undefined]).toContain(seen.cgroup.swap);
  });

  it('has the processors that it was given and no more', () => {
    expect(looked.inspected.HostConfig.NanoCpus).toBe(2e9);
    expect(['200000', '200000 100000']).toContain(seen.cgroup.quota);
  });

  it('may open 4096 files and leaves no core file', () => {
    expect(seen.limits).toMatch(/^Max open files +4096 +4096 /m);
    expect(seen.limits).toMatch(/^Max core file size +0 +0 /m);
  });
});

const SECRETS = {
  AWS_ACCESS_KEY_ID: 'AKIA-test-access-key-id',
  AWS_SECRET_ACCESS_KEY: 'test-aws-secret-access-key',
  MLFLOW_TRACKING_USERNAME: 'test-mlflow-user',
  MLFLOW_TRACKING_PASSWORD: 'test-mlflow-password',
  HTTPS_PROXY_PASSWORD: 'test-proxy-password',
};
const secretsIn = (text: string): string[] =>
  Object.entries(SECRETS)
    .filter(([name, value]) => text.includes(value) || text.includes(name))
    .map(([name]) => name);

/** A run by the command itself, with secrets in its environment, looked at once it trains. */
async function whileItTrains(
  mode: 'process' | 'docker',
  look: (run: { readonly runDir: string; readonly pid: number }) => Promise<void> | void,
): Promise<void> {
  const runsDir = join(here.runsDir, mode);
  const training = startRunner(
    [
      ...['train', '--mode', mode, '--data-dir', here.dataDir, '--runs-dir', runsDir],
      ...['--epochs', '100000', '--no-early-stopping', '--json'],
    ],
    { env: { ...dockerEnv(), ...SECRETS } },
  );
  try {
    const runDir = await firstEpoch(runsDir, training);
    await look({ runDir, pid: training.pid! });
  } finally {
    training.kill('SIGINT');
    await training;
  }
}

async function firstEpoch(
  runsDir: string,
  training: PromiseLike<{ readonly stderr: unknown }>,
): Promise<string> {
  for (;;) {
    const names = existsSync(runsDir) ? readdirSync(runsDir).filter((name) => !name.startsWith('.')) : [];
    const [runDir] = names.map((name) => join(runsDir, name));
    const events = runDir && join(runDir, 'events.ndjson');
    if (events && existsSync(events) && readFileSync(events, 'utf8').includes('"epoch"')) return runDir;
    const ended = await Promise.race([training, sleep(20)]);
    if (ended) throw new Error(`The training ended before its first epoch:\n${String(ended.stderr)}`);
  }
}

/** All that is in the run directory, checkpoints and artifacts aside. */
const recordsOf = (runDir: string): string =>
  readdirSync(runDir, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(runDir, name), 'utf8'))
    .join('\n');

interface TrainingContainer {
  readonly inspected: Docker.ContainerInspectInfo;
  readonly image: Docker.ImageInspectInfo;
  readonly volumes: readonly Docker.VolumeInspectInfo[];
  /** plan.json as the trainer reads it. */
  readonly plan: string;
  readonly records: string;
}

describe('a run by the command', () => {
  let run: TrainingContainer;
  beforeAll(async () => {
    if (!hasDaemon()) return;
    await testImage();
    await whileItTrains('docker', async ({ runDir }) => {
      const client = await docker();
      const [listed, ...others] = await client.listContainers({ filters: { label: ['runner.managed=1'] } });
      expect(others).toEqual([]);
      const container = client.getContainer(listed!.Id);
      const inspected = await container.inspect();
      run = {
        ...{ inspected, image: await client.getImage(inspected.Image).inspect() },
        volumes: await Promise.all(inspected.Mounts.map(({ Name }) => client.getVolume(Name!).inspect())),
        ...{ plan: await planIn(container), records: recordsOf(runDir) },
      };
    });
  });

  it('asks for a container with just the settings that are looked at here', () => {
    const settingsOf = ({ HostConfig, Config, Image }: Docker.ContainerInspectInfo) => ({
      ...{ Image, User: Config.User, Env: Config.Env },
      HostConfig: { ...HostConfig, Mounts: HostConfig.Mounts!.length },
    });
    expect(settingsOf(run.inspected)).toEqual(settingsOf(looked.inspected));
  });

  it('puts no secret of its environment into the container, the image, the volumes or the plan', () => {
    const { inspected, image, volumes, plan, records } = run;
    expect(plan).toContain('"schemaVersion"');
    expect(volumes).toHaveLength(2);
    expect(secretsIn(JSON.stringify([inspected, image, volumes]) + plan + records)).toEqual([]);
    // Beside what the image says for itself, one variable.
    expect(inspected.Config.Env.filter((entry) => !image.Config.Env.includes(entry))).toEqual([
      'NODE_OPTIONS=--max-old-space-size=1024',
    ]);
  });

  it('puts no secret of its environment into that of a child process', async () => {
    await whileItTrains('process', ({ runDir, pid }) => {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
      const environments = children.map((child) => readFileSync(`/proc/${child}/environ`, 'utf8'));
      expect(environments).toHaveLength(1);
      expect(environments[0]).toContain('PATH=');
      expect(secretsIn(environments[0]! + recordsOf(runDir))).toEqual([]);
      // The runner itself has them: the test would see them.
      expect(secretsIn(readFileSync(`/proc/${pid}/environ`, 'utf8'))).toEqual(Object.keys(SECRETS));
    });
  });

  it('tells the trainer nothing of where its data lie on the host', () => {
    expect(run.plan).toContain('"dataDir":"/in/data"');
    expect(run.plan).not.toContain(here.dataDir);
    expect(JSON.stringify(run.inspected)).not.toContain(here.dataDir);
  });
});

async function planIn(container: Docker.Container): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await container.getArchive({ path: '/in/plan.json' }))
    chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
