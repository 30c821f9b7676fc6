/** The tracking server behind a proxy: it is a stand-in whose name is out of reach. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openHttpAccess, send } from '../../../../src/tracking/mlflow/http.js';

const [PLAIN, SECURE] = ['http://mlflow.invalid:5000', 'https://mlflow.invalid'];
const { signal } = new AbortController();

/** Answers for every host, and opens no tunnel. */
async function proxyServer() {
  const asked: [string | undefined, string | undefined][] = [];
  const proxy = createServer(({ url, headers }, response) => {
    asked.push([url, headers['proxy-authorization']]);
    response.end('3.17.2');
  }).on('connect', ({ url, headers }, socket) => {
    asked.push([url, headers['proxy-authorization']]);
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void proxy.close());
  return { asked, address: `127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

function ask(baseUrl: string, env: NodeJS.ProcessEnv) {
  const access = openHttpAccess(baseUrl, { headers: {}, secrets: [] }, {}, env);
  onTestFinished(() => access.close());
  return send(access, { what: 'read the version', method: 'GET', path: '/version', signal });
}

const LOGIN = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;

test('without TLS it is asked through HTTP_PROXY', async () => {
  const { asked, address } = await proxyServer();
  const answer = await ask(PLAIN, { HTTP_PROXY: `http://user:p%40ss@${address}` });
  expect(answer).toMatchObject({ status: 200, body: '3.17.2' });
  expect(asked).toEqual([[`${PLAIN}/version`, LOGIN]]);
});

test('with TLS it is asked through a tunnel of HTTPS_PROXY', async () => {
  const { asked, address } = await proxyServer();
  const answer = ask(SECURE, { HTTPS_PROXY: `http://user:p%40ss@${address}` });
  await expect(answer).rejects.toThrow('403');
  expect(asked).toEqual([['mlflow.invalid:443', LOGIN]]);
});

test.each([
  [PLAIN, { ALL_PROXY: 'socks5://127.0.0.1:1' }],
  [SECURE, { ALL_PROXY: 'socks5://127.0.0.1:1' }],
  [PLAIN, { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '.invalid' }],
  [SECURE, { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '.invalid' }],
])('%s is asked without one where the environment has %o', async (baseUrl, env) => {
  await expect(ask(baseUrl, env)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
});

test.each([
  [PLAIN, 'HTTP_PROXY', 'socks5://me:planted@proxy:1080'],
  [SECURE, 'HTTPS_PROXY', 'http://me:planted@proxy:port'],
])('%s is not asked through what is no proxy, and the value of %s is not shown', (baseUrl, name, value) => {
  const open = () => openHttpAccess(baseUrl, { headers: {}, secrets: [] }, {}, { [name]: value });
  expect(open).toThrow(`The environment variable ${name} cannot be used: it`);
  expect(open).not.toThrow('planted');
});

test('a wrong HTTPS_PROXY is in no way of a server without TLS', async () => {
  const { asked, address } = await proxyServer();
  await ask(PLAIN, { HTTPS_PROXY: 'http://proxy:port', HTTP_PROXY: address });
  expect(asked).toEqual([[`${PLAIN}/version`, undefined]]);
});
