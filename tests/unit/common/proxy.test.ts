import { expect, it } from 'vitest';
import { proxyFor } from '../../../src/common/proxy.js';

const HTTPS = 'https://files.example.org/a';

it.each<[string, string, NodeJS.ProcessEnv, string | undefined]>([
  ['no variable', HTTPS, {}, undefined],
  ['HTTPS_PROXY', HTTPS, { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
  [
    'https_proxy before HTTPS_PROXY',
    HTTPS,
    { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:1' },
    'http://a:1',
  ],
  ['HTTP_PROXY for http only', HTTPS, { HTTP_PROXY: 'http://p:1' }, undefined],
  ['HTTP_PROXY', 'http://files.example.org/a', { HTTP_PROXY: 'http://p:1' }, 'http://p:1'],
  ['a proxy without a scheme', HTTPS, { HTTPS_PROXY: 'user:word@p:1' }, 'http://user:word@p:1'],
  ['ALL_PROXY', HTTPS, { ALL_PROXY: 'http://p:1' }, 'http://p:1'],
  [
    'NO_PROXY with the host',
    HTTPS,
    { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a.org, files.example.org' },
    undefined,
  ],
  ['NO_PROXY with its domain', HTTPS, { HTTPS_PROXY: 'http://p:1', no_proxy: '.example.org' }, undefined],
  ['NO_PROXY with *', HTTPS, { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, undefined],
  [
    'NO_PROXY with a part of the name',
    HTTPS,
    { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'ample.org' },
    'http://p:1',
  ],
])('%s', (_what, url, env, expected) => {
  expect(proxyFor(new URL(url), env)).toBe(expected);
});
