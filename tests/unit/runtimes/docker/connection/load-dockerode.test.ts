import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { loadDockerode } from '../../../../../runtimes/docker/connection/load-dockerode.js';

const require = createRequire(createRequire(import.meta.url).resolve('dockerode'));
const isLoaded = (id: string): boolean => require.cache[require.resolve(id)] !== undefined;
const HEAVY = ['@grpc/grpc-js', '@grpc/proto-loader', 'ssh2', 'readable-stream'];

it('loads dockerode without gRPC, SSH client, archiver and streams, and these when they are called for', () => {
  const Docker = loadDockerode();
  expect(new Docker({ socketPath: '/a.sock' }).getContainer('a').id).toBe('a');
  expect(HEAVY.filter(isLoaded)).toEqual([]);
  expect(loadDockerode()).toBe(Docker);

  const putOff = require('docker-modem/lib/ssh.js') as (options: object) => Agent;
  expect(putOff({ host: 'a' })).toBeInstanceOf(Agent);
  expect(isLoaded('ssh2')).toBe(true);
  // The module itself has taken the place of what stood for it.
  expect(require('docker-modem/lib/ssh.js')).not.toBe(putOff);
  expect(putOff({ host: 'b' })).toBeInstanceOf(Agent);

  const { pack } = require('tar-fs') as { readonly pack: unknown };
  expect(pack).toBeInstanceOf(Function);

  const Duplex = require('docker-modem/lib/http_duplex.js') as new (...args: object[]) => PassThrough;
  const [request, response] = [new PassThrough(), new PassThrough()];
  const both = new Duplex(request, response);
  both.write('there');
  response.write('back');
  expect([request.read(), both.read()].map(String)).toEqual(['there', 'back']);
});
