import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { temporaryDirectory } from '../../../common/temporary-directory.js';

/** What a daemon of today answers, as far as the runner looks. */
export const VERSION = { Version: '29.0.1', ApiVersion: '1.52', Os: 'linux' };
export const INFO = {
  ...{ ID: 'abc', OperatingSystem: 'Debian GNU/Linux 13', OSType: 'linux', Architecture: 'x86_64' },
  ...{ CgroupVersion: '2', MemTotal: 8e9, NCPU: 4, Driver: 'overlayfs' },
  ...{ MemoryLimit: true, SwapLimit: true, CpuCfsQuota: true, PidsLimit: true },
  Runtimes: { runc: { path: 'runc' } },
  CDISpecDirs: ['/etc/cdi'],
  DiscoveredDevices: [{ Source: 'cdi', ID: 'nvidia.com/gpu=0' }],
  InitBinary: 'docker-init',
  SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
  LiveRestoreEnabled: false,
};

export interface FakeDaemon extends AsyncDisposable {
  readonly env: { readonly DOCKER_HOST: string };
  readonly socket: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
}

/** Something that answers over HTTP on a socket of its own. */
export async function fakeDaemon(answers: RequestListener | Record<string, unknown>): Promise<FakeDaemon> {
  const folder = temporaryDirectory();
  const socket = join(folder.path, 'docker.sock');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (typeof answers === 'function') {
      answers(request, response);
      return;
    }
    response.statusCode = path in answers ? 200 : 404;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answers[path] ?? { message: 'page not found' }));
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    ...{ env: { DOCKER_HOST: `unix://${socket}` }, socket, asked },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      folder[Symbol.dispose]();
    },
  };
}
