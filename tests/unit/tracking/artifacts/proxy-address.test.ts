import { describe, expect, it } from 'vitest';
import {
  artifactUrl,
  checkStorable,
  multipartUrl,
  parseProxyUri,
} from '../../../../src/tracking/artifacts/proxy-address.js';

const TRACKING = 'https://mlflow.example:8443/team';

describe('an mlflow-artifacts: URI', () => {
  it.each([
    ['mlflow-artifacts:/', { serverUrl: TRACKING, root: '' }],
    ['mlflow-artifacts:/0/1f/artifacts', { serverUrl: TRACKING, root: '0/1f/artifacts' }],
    ['mlflow-artifacts:///0//1f/artifacts/', { serverUrl: TRACKING, root: '0/1f/artifacts' }],
    ['mlflow-artifacts://other:5001/0/1f', { serverUrl: 'https://other:5001/team', root: '0/1f' }],
    ['mlflow-artifacts://[::1]:5001/0', { serverUrl: 'https://[::1]:5001/team', root: '0' }],
  ])('%s', (uri, address) => expect(parseProxyUri(uri, TRACKING)).toEqual(address));

  it.each([
    'mlflow-artifacts://5000/0',
    'mlflow-artifacts://user:secret@other/0',
    'mlflow-artifacts://a b/0',
  ])('%s names no host', (uri) => {
    expect(() => parseProxyUri(uri, TRACKING)).toThrow(
      expect.objectContaining({ code: 'artifact-store-unsupported' }),
    );
  });

  it('gives addresses in which every character of a name is part of the name', () => {
    expect(artifactUrl('0/a b/100%/größe?#.txt')).toBe(
      '/api/2.0/mlflow-artifacts/artifacts/0/a%20b/100%25/gr%C3%B6%C3%9Fe%3F%23.txt',
    );
    expect(multipartUrl('create', '0/a b')).toBe('/api/2.0/mlflow-artifacts/mpu/create/0/a%20b');
  });
});

describe('a name that MLflow can hold', () => {
  it.each(['a b.txt', '100%.txt', '100%zz', 'größe?.txt', "it's+(1)&=;@!~.txt"])('%s', (name) => {
    expect(() => checkStorable(name)).not.toThrow();
  });
  it.each(['a#1', 'a%20b', 'a%2fb', 'a\nb'])('is not %j', (name) => {
    expect(() => checkStorable(name)).toThrow(expect.objectContaining({ code: 'tracking-refused' }));
  });
});
