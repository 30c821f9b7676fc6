/** Whether a Docker daemon answers. Plain node:http: this runs before packages are installed. */
import { readFileSync } from 'node:fs';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { join } from 'node:path';

/**
 * Asks the daemon for a sign of life.
 * @param {string} dockerHost as in DOCKER_HOST: `unix://`, `tcp://`, `http://` or `https://`
 * @param {NodeJS.ProcessEnv} [env] DOCKER_TLS_VERIFY and DOCKER_CERT_PATH
 * @returns {Promise<string | undefined>} why it does not answer; undefined when it does
 */
export function whySilent(dockerHost, env = {}, timeoutMs = 5000) {
  return new Promise((resolve) => {
    const fail = (/** @type {unknown} */ error) =>
      resolve(`${dockerHost} does not answer: ${error instanceof Error ? error.message : error}`);
    try {
      const { options, secure } = target(dockerHost, env);
      const request = (secure ? overHttps : overHttp)({ ...options, path: '/_ping', agent: false });
      // Not the socket's idle time: a server may send a byte now and then.
      const timer = setTimeout(() => request.destroy(new Error(`nothing in ${timeoutMs} ms`)), timeoutMs);
      request.on('error', fail).on('close', () => clearTimeout(timer));
      request.on('response', (response) => {
        response.resume().on('error', fail);
        response.on('end', () =>
          response.statusCode === 200 ? resolve(undefined) : fail(`HTTP status ${response.statusCode}`),
        );
      });
      request.end();
    } catch (error) {
      fail(error);
    }
  });
}

/** @returns {{ options: import('node:https').RequestOptions, secure: boolean }} */
function target(/** @type {string} */ dockerHost, /** @type {NodeJS.ProcessEnv} */ env) {
  if (dockerHost.startsWith('unix://')) {
    return { options: { socketPath: dockerHost.slice('unix://'.length) }, secure: false };
  }
  const url = new URL(dockerHost.includes('://') ? dockerHost : `tcp://${dockerHost}`);
  if (!['tcp:', 'http:', 'https:'].includes(url.protocol))
    throw new Error(`${url.protocol} is not asked here`);
  const secure = url.protocol === 'https:' || Boolean(env.DOCKER_TLS_VERIFY);
  const file = (/** @type {string} */ name) => readFileSync(join(env.DOCKER_CERT_PATH ?? '', name));
  const keys =
    secure && env.DOCKER_CERT_PATH
      ? { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') }
      : undefined;
  return {
    options: {
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (secure ? 2376 : 2375),
      ...keys,
    },
    secure,
  };
}
