/** Run in a trainer's container instead of the trainer: tells, as a JSON document, what there is and what it may do. */
const {
  accessSync,
  constants,
  lstatSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const dns = require('node:dns');
const net = require('node:net');
const os = require('node:os');
const { join } = require('node:path');

const read = (path) => readFileSync(path, 'utf8');
/** `Name:\tvalue` lines. */
const fields = (path) =>
  Object.fromEntries(
    read(path)
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s+/))
      .map(([name, value]) => [name, value ?? '']),
  );
/** @returns the error's code, or `done` */
const codeOf = (act) => {
  try {
    act();
    return 'done';
  } catch (error) {
    return error.code;
  }
};
/** Everything but the kernel's own file systems, which are told of by the mounts. */
function* walk(folder) {
  let names = [];
  try {
    names = readdirSync(folder);
  } catch {
    // A folder that this user cannot even list.
  }
  for (const name of names) {
    const path = join(folder, name);
    if (path === '/proc' || path === '/sys') continue;
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    yield [path, found];
    if (found.isDirectory()) yield* walk(path);
  }
}
const settled = (work) =>
  work.then(
    () => 'done',
    (error) => error.code,
  );
const connect = (where) =>
  settled(
    new Promise((resolve, reject) => {
      const socket = net.connect(where);
      socket.once('connect', () => resolve(socket.destroy())).once('error', reject);
    }),
  );
/** The first that there is, of control groups v1 and v2. */
const cgroup = (...paths) => {
  for (const path of paths) {
    const text =
      codeOf(() => statSync(`/sys/fs/cgroup/${path}`)) === 'done' && read(`/sys/fs/cgroup/${path}`);
    if (text) return text.trim();
  }
};

const all = [...walk('/')];
const paths = (isSuch) =>
  all
    .filter(([path, found]) => isSuch(found, path))
    .map(([path]) => path)
    .sort();
const mayWrite = (path) => codeOf(() => accessSync(path, constants.W_OK)) === 'done';
const [hostPort, abstractName, hostDirectory] = process.argv.slice(1);

async function lookAround() {
  return {
    status: fields('/proc/self/status'),
    limits: read('/proc/self/limits'),
    env: process.env,
    ids: [process.getuid(), process.getgid(), process.getgroups()],
    interfaces: read('/proc/net/dev')
      .split('\n')
      .slice(2)
      .map((line) => line.trim().split(':')[0])
      .filter(Boolean),
    addresses: Object.values(os.networkInterfaces())
      .flat()
      .map(({ address }) => address)
      .sort(),
    routes: read('/proc/net/route').trim().split('\n').length - 1,
    lookup: await settled(dns.promises.lookup('registry.npmjs.org')),
    outside: await connect({ host: '192.0.2.1', port: 443 }),
    hostLoopback: await connect({ host: '127.0.0.1', port: Number(hostPort) }),
    hostAbstract: await connect({ path: `\0${abstractName}` }),
    processes: readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => read(`/proc/${pid}/comm`).trim()),
    mounts: read('/proc/self/mountinfo')
      .trim()
      .split('\n')
      .map((line) => {
        const [before, after] = line.split(' - ');
        const [, , , , at, options] = before.split(' ');
        return { at, options: options.split(','), type: after.split(' ')[0] };
      }),
    writable: ['/', ...paths((found) => found.isDirectory())].filter(mayWrite),
    writableFiles: paths((found, path) => found.isFile() && mayWrite(path)),
    setuid: paths((found) => found.isFile() && (found.mode & 0o6000) !== 0),
    executables: paths(
      (found, path) => found.isFile() && (found.mode & 0o111) !== 0 && !/\.so(\.|$)|\.node$/.test(path),
    ),
    devices: paths((found) => found.isCharacterDevice() || found.isBlockDevice()),
    sockets: paths((found) => found.isSocket()),
    hostFiles: codeOf(() => readdirSync(hostDirectory)),
    writes: Object.fromEntries(
      [
        '/x',
        '/in/x',
        '/opt/runner/app/x',
        '/usr/local/bin/x',
        '/etc/x',
        '/proc/sys/kernel/hostname',
        '/sys/x',
        '/dev/x',
      ].map((path) => [path, codeOf(() => writeFileSync(path, 'x'))]),
    ),
    becomeRoot: codeOf(() => process.setuid(0)),
    cgroup: {
      memory: cgroup('memory/memory.limit_in_bytes', 'memory.max'),
      swap: cgroup('memory/memory.memsw.limit_in_bytes', 'memory.swap.max'),
      quota: cgroup('cpu/cpu.cfs_quota_us', 'cpu.max'),
      pids: cgroup('pids/pids.max', 'pids.max'),
    },
    plan: codeOf(() => statSync('/in/plan.json')),
  };
}

void lookAround().then((seen) => process.stdout.write(JSON.stringify(seen)));
