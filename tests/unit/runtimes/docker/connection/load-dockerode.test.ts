import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { loadDockerode } from '../../../../../runtimes/docker/connection/load-dockerode.js';

const require = createRequire(createRequire(import.meta.url).resolve('dockerode'));
const isLoaded = (id: string): boolean => require.cache[require.resolve(id)] !== undefined;

it('loads dockerode without gRPC and the SSH client, and these when they are called for', () => {
  const Docker = loadDockerode();
  expect(new Docker({ socketPath: '/a.sock' }).getContainer('a').id).toBe('a');
  expect(['@grpc/grpc-js', '@grpc/proto-loader', 'ssh2'].filter(isLoaded)).toEqual([]);
  expect(loadDockerode()).toBe(Docker);

  const putOff = require('docker-modem/lib/ssh.js') as (options: object) => Agent;
  expect(putOff({ host: 'a' })).toBeInstanceOf(Agent);
  expect(isLoaded('ssh2')).toBe(true);
  // The module itself has taken the place of what stood for it.
  expect(require('docker-modem/lib/ssh.js')).not.toBe(putOff);
  expect(putOff({ host: 'b' })).toBeInstanceOf(Agent);
});
