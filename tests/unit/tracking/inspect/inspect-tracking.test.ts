/** What `runner doctor` says of the tracking server and the artifact store, with real servers on the loopback interface. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { inspectTracking } from '../../../../src/tracking/inspect/index.js';

/** @returns its address, without the scheme */
async function serve(
  listener: RequestListener,
  onTunnel: (request: IncomingMessage, socket: Duplex) => void = () => undefined,
): Promise<string> {
  const server = createServer(listener).on('connect', (request, socket) => {
    // Tunnels are no longer the server's own.
    onTestFinished(() => void socket.destroy());
    onTunnel(request, socket);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Of a port that nobody listens on. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `127.0.0.1:${port}`;
}

const mlflow: RequestListener = ({ url }, response) =>
  void response.end(url === '/version' ? '3.17.2' : '{"experiments":[]}');
const silent: RequestListener = () => undefined;
/** As MLflow says it: /version and /health are answered to whoever asks. */
const onlyKnownHosts: RequestListener = ({ url }, response) => {
  if (url === '/version') return void response.end('3.17.2');
  response.writeHead(403).end('Invalid Host header - possible DNS rebinding attack detected');
};

async function inspect(env: NodeJS.ProcessEnv) {
  const { findings, document } = await inspectTracking({ env: { HOME: '/nowhere', ...env }, limitMs: 200 });
  const [server, store] = findings;
  return { server, store, document };
}

const LATER = 'Runs are complete without it, and `runner sync` sends them later.';
const STAYS = 'Without it runs succeed all the same: artifacts stay here until `runner sync`.';
/** Never in the DNS (RFC 6761). */
const NO_HOST = 'mlflow.invalid';

test('nothing is asked for where nothing is configured, and nothing is amiss', async () => {
  expect(await inspect({ MLFLOW_TRACKING_URI: ' ', MLFLOW_S3_ENDPOINT_URL: '' })).toEqual({
    server: { name: 'tracking', value: 'none (MLFLOW_TRACKING_URI is not set)' },
    store: {
      name: 'artifact store',
      value: 'none of the environment’s own (MLFLOW_S3_ENDPOINT_URL is not set)',
    },
    document: { tracking: null, artifactStore: null },
  });
});

describe('the tracking server', () => {
  test('that would take runs: its version, and its address without the password', async () => {
    const address = await serve(mlflow);
    const { server, document } = await inspect({ MLFLOW_TRACKING_URI: `http://me:secret@${address}/` });
    expect(server).toEqual({ name: 'tracking', value: `MLflow 3.17.2 at http://${address}` });
    expect(document.tracking).toEqual({
      ...{ uri: `http://${address}`, ok: true, version: '3.17.2', problem: null },
    });
  });

  test('that nobody has started', async () => {
    const address = await nobody();
    const { server, document } = await inspect({ MLFLOW_TRACKING_URI: `http://${address}` });
    expect(server).toEqual({
      name: 'tracking',
      value: `Cannot read the version of the tracking server at http://${address}: nothing listens there (ECONNREFUSED).`,
      remedy: `Start it, or correct MLFLOW_TRACKING_URI. ${LATER}`,
    });
    expect(document.tracking).toEqual({
      ...{ uri: `http://${address}`, ok: false, version: null, problem: 'tracking-unreachable' },
    });
  });

  test('that does not let this name in', async () => {
    const address = await serve(onlyKnownHosts);
    expect((await inspect({ MLFLOW_TRACKING_URI: `http://${address}` })).server).toEqual({
      name: 'tracking',
      value: expect.stringContaining('does not take requests under that name (403)') as string,
      remedy: expect.stringContaining(`\`--allowed-hosts ${address}\``) as string,
    });
  });

  test('whose name leads nowhere: one is outside of the network on which it is known', async () => {
    const { server } = await inspect({ MLFLOW_TRACKING_URI: `http://${NO_HOST}:5000` });
    expect(server?.value).toMatch(
      /^Cannot read the version of the tracking server at http:\/\/mlflow\.invalid:5000: .*\(E[A-Z_]+\)\.$/,
    );
    expect(server?.remedy).toBe(
      `Names of a compose stack's services, such as ${NO_HOST}, are known on its network alone: start that service, and run in a container of the stack, or give the address under which this machine knows it (http://localhost:…). ${LATER}`,
    );
  });

  test('that does not answer is given up', async () => {
    const address = await serve(silent);
    expect((await inspect({ MLFLOW_TRACKING_URI: `http://${address}` })).server).toMatchObject({
      value: `Cannot read the version of the tracking server at http://${address}: no answer within 0.2 s.`,
      remedy: `Start it, or correct MLFLOW_TRACKING_URI. ${LATER}`,
    });
  });

  test('whose address is none', async () => {
    const { server, document } = await inspect({ MLFLOW_TRACKING_URI: 'localhost:5000' });
    expect(server).toEqual({
      name: 'tracking',
      value: expect.stringContaining('it has no scheme') as string,
      remedy: 'Write http://localhost:5000 or https://….',
    });
    expect(document.tracking).toMatchObject({ uri: null, ok: false, problem: 'bad-tracking-uri' });
  });
});

describe('the artifact store', () => {
  test('answers, if only to refuse one whom it does not know', async () => {
    const address = await serve((_request, response) => void response.writeHead(403).end());
    const { store, document } = await inspect({ MLFLOW_S3_ENDPOINT_URL: `http://${address}/` });
    expect(store).toEqual({ name: 'artifact store', value: `answers at http://${address}` });
    expect(document.artifactStore).toEqual({ endpoint: `http://${address}`, ok: true, status: 403 });
  });

  test('is down behind an address that answers', async () => {
    const address = await serve((_request, response) => void response.writeHead(503).end());
    const { store, document } = await inspect({ MLFLOW_S3_ENDPOINT_URL: `http://${address}` });
    expect(store).toEqual({
      name: 'artifact store',
      value: `answers at http://${address}, with an error of its own (503)`,
      remedy: `Look at its log. ${STAYS}`,
    });
    expect(document.artifactStore).toEqual({ endpoint: `http://${address}`, ok: false, status: 503 });
  });

  test('is down', async () => {
    const address = await nobody();
    expect((await inspect({ AWS_ENDPOINT_URL: `http://${address}` })).store).toEqual({
      name: 'artifact store',
      value: `Cannot ask for S3 at http://${address}: nothing listens there (ECONNREFUSED).`,
      remedy: `Start it, or correct AWS_ENDPOINT_URL. ${STAYS}`,
    });
  });

  test('has a name that leads nowhere', async () => {
    const { store } = await inspect({ MLFLOW_S3_ENDPOINT_URL: 'http://s3.invalid:8333' });
    expect(store?.value).toMatch(/^Cannot ask for S3 at http:\/\/s3\.invalid:8333: /);
    expect(store?.remedy).toMatch(/^Names of a compose stack's services, such as s3\.invalid, /);
  });

  test('does not answer, and is given up', async () => {
    const address = await serve(silent);
    expect((await inspect({ MLFLOW_S3_ENDPOINT_URL: `http://${address}` })).store?.value).toBe(
      `Cannot ask for S3 at http://${address}: no answer within 0.2 s.`,
    );
  });

  test('has an address that is none: the value, which may hold a key, is not shown', async () => {
    const { store } = await inspect({ MLFLOW_S3_ENDPOINT_URL: 'key@nowhere' });
    expect(store?.value).toBe(
      'The environment variable MLFLOW_S3_ENDPOINT_URL cannot be used: it must be an address such as http://localhost:8333.',
    );
  });
});

describe('the artifact store, where the environment names a proxy', () => {
  const [PLAIN, SECURE] = ['http://store.invalid:8333', 'https://store.invalid'];
  const ASIDE = 'If it is to be asked without a proxy, name it in NO_PROXY; else correct';

  test('is asked through that, as artifacts are', async () => {
    const seen: [string | undefined, IncomingHttpHeaders][] = [];
    const proxy = await serve(({ url, headers }, response) => {
      seen.push([url, headers]);
      response.writeHead(403).end();
    });
    const HTTP_PROXY = `http://user:secret@${proxy}`;
    const { store, document } = await inspect({ MLFLOW_S3_ENDPOINT_URL: PLAIN, HTTP_PROXY });
    expect(store).toEqual({
      name: 'artifact store',
      value: `answers at ${PLAIN} through the proxy of HTTP_PROXY`,
    });
    expect(document.artifactStore).toEqual({ endpoint: PLAIN, ok: true, status: 403 });
    const login = `Basic ${Buffer.from('user:secret').toString('base64')}`;
    expect(seen).toMatchObject([[`${PLAIN}/`, { host: 'store.invalid:8333', 'proxy-authorization': login }]]);
  });

  test('with TLS is asked through a tunnel, which the proxy may refuse', async () => {
    const seen: (string | undefined)[] = [];
    const proxy = await serve(silent, ({ url }, socket) => {
      seen.push(url);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
    });
    const HTTPS_PROXY = `http://${proxy}`;
    const { store, document } = await inspect({ MLFLOW_S3_ENDPOINT_URL: SECURE, HTTPS_PROXY });
    expect(seen).toEqual(['store.invalid:443']);
    expect(store).toEqual({
      name: 'artifact store',
      value: `answers at ${SECURE} through the proxy of HTTPS_PROXY, with an error of its own or of the proxy’s (407)`,
      remedy: `Look at its log. ${ASIDE} HTTPS_PROXY (or ALL_PROXY, in either case). ${STAYS}`,
    });
    expect(document.artifactStore).toEqual({ endpoint: SECURE, ok: false, status: 407 });
  });

  test.each([
    ['HTTP_PROXY', PLAIN],
    ['HTTPS_PROXY', SECURE],
  ])('that is down: %s is what to look at', async (variable, endpoint) => {
    const env = { MLFLOW_S3_ENDPOINT_URL: endpoint, [variable]: `http://${await nobody()}` };
    expect((await inspect(env)).store).toEqual({
      name: 'artifact store',
      value: `Cannot ask for S3 at ${endpoint}: nothing listens there (ECONNREFUSED).`,
      remedy: `It is asked through the proxy of ${variable}. ${ASIDE} ${variable} (or ALL_PROXY, in either case). ${STAYS}`,
    });
  });

  test.each([PLAIN, SECURE])('%s is given up where the proxy does not answer', async (endpoint) => {
    const proxy = `http://${await serve(silent, () => undefined)}`;
    const env = { MLFLOW_S3_ENDPOINT_URL: endpoint, HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
    expect((await inspect(env)).store?.value).toBe(
      `Cannot ask for S3 at ${endpoint}: no answer within 0.2 s.`,
    );
  });

  test('that is none: the value, which may hold a password, is not shown', async () => {
    const env = { MLFLOW_S3_ENDPOINT_URL: PLAIN, HTTP_PROXY: 'socks5://me:secret@proxy:1080' };
    expect((await inspect(env)).store).toEqual({
      name: 'artifact store',
      value:
        'The environment variable HTTP_PROXY cannot be used: it must be an address such as http://proxy.example:3128.',
      remedy: 'Correct HTTP_PROXY (or ALL_PROXY, in either case), unset it, or name the host in NO_PROXY.',
    });
  });

  test('is asked without it if it is of this machine', async () => {
    const address = await serve((_request, response) => void response.writeHead(403).end());
    const env = { MLFLOW_S3_ENDPOINT_URL: `http://${address}`, HTTP_PROXY: `http://${await nobody()}` };
    expect((await inspect(env)).store?.value).toBe(`answers at http://${address}`);
  });
});

test('both are asked at once', async () => {
  const seen: string[] = [];
  let both: () => void = () => undefined;
  const met = new Promise<void>((resolve) => (both = resolve));
  /** Answers when the other has been asked, too. */
  const waiting =
    (name: string): RequestListener =>
    (request, response) => {
      seen.push(name);
      if (new Set(seen).size === 2) both();
      void met.then(() => mlflow(request, response as never));
    };
  const [server, store] = await Promise.all([serve(waiting('server')), serve(waiting('store'))]);
  const { document } = await inspect({
    MLFLOW_TRACKING_URI: `http://${server}`,
    MLFLOW_S3_ENDPOINT_URL: `http://${store}`,
  });
  expect(document).toMatchObject({ tracking: { ok: true }, artifactStore: { ok: true } });
});
