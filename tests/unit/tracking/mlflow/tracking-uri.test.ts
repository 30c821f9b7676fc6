import { describe, expect, test } from 'vitest';
import { parseTrackingUri, withoutLogin } from '../../../../src/tracking/mlflow/tracking-uri.js';

test.each([
  ['http://localhost:5000', 'http://localhost:5000'],
  ['  HTTPS://MLflow.Example/  ', 'https://mlflow.example'],
  ['https://example.com:443/ml/flow//', 'https://example.com/ml/flow'],
  ['http://[::1]:5000/', 'http://[::1]:5000'],
])('%s is %s', (text, baseUrl) => {
  expect(parseTrackingUri(text)).toEqual({ baseUrl, login: undefined });
});

test('a login in the address is taken out of it', () => {
  expect(parseTrackingUri('https://me%40work:pl%25nted@host/x')).toEqual({
    baseUrl: 'https://host/x',
    login: { username: 'me@work', password: 'pl%nted' },
  });
});

describe('what is no address of a tracking server', () => {
  test.each(['./mlruns', '/tmp/mlruns', 'mlruns'])(
    'has the hint of a store where it is a folder: %s',
    (uri) => {
      expect(() => parseTrackingUri(uri)).toThrow(
        expect.objectContaining({ hint: expect.stringMatching(/^Start a server over that store/) as string }),
      );
    },
  );

  test.each([
    ['', 'Not a tracking server\'s address: "": it has no scheme.'],
    ['localhost:5000', 'Not a tracking server\'s address: "localhost:5000": it has no scheme.'],
    ['mlruns', 'Not a tracking server\'s address: "mlruns": it has no scheme.'],
    ['http://', 'Not a tracking server\'s address: "http://": it is no valid address.'],
    ['http:///x', 'Not a tracking server\'s address: "http:///x": it is no valid address.'],
    ['http://a b', 'Not a tracking server\'s address: "http://a b": it is no valid address.'],
    ['http://host:99999', 'Not a tracking server\'s address: "http://host:99999": it is no valid address.'],
    [
      'databricks://profile',
      'Not a tracking server\'s address: "databricks://profile": runner speaks to MLflow servers over http and https only, not databricks.',
    ],
    [
      'databricks',
      'Not a tracking server\'s address: "databricks": runner speaks to MLflow servers over http and https only, not databricks.',
    ],
    [
      'sqlite:///mlflow.db',
      'Not a tracking server\'s address: "sqlite:///mlflow.db": runner speaks to MLflow servers over http and https only, not sqlite.',
    ],
  ])('%j', (text, message) => {
    expect(() => parseTrackingUri(text)).toThrow(
      expect.objectContaining({ code: 'bad-tracking-uri', message }),
    );
  });

  test.each([
    'ftp://me:planted@host',
    'http://me:pl%anted@host',
    'me:planted@host:5000',
    'http://me:planted@host?x=1#y',
    'https://me:p/anted@host',
    'https://me:1/p@anted/@host/x',
    'https://me:1\\anted@host',
    'https://me:p?anted@host',
    'https://me:p#anted@host:5000',
    'me:p/anted@host:5000',
    '5000/anted@host',
  ])('does not show the password of %s', (text) => {
    expect(() => parseTrackingUri(text)).toThrow(expect.objectContaining({ code: 'bad-tracking-uri' }));
    try {
      parseTrackingUri(text);
    } catch (error) {
      expect((error as Error).message).not.toMatch(/anted/);
    }
  });

  test.each(['/', '\\', '?', '#'])('a login with a bare %s is told how to write it', (character) => {
    expect(() => parseTrackingUri(`https://me:1${character}2@host/x`)).toThrow(
      expect.objectContaining({
        message:
          'Not a tracking server\'s address: "https://host/x": it has a /, \\, ? or # before its last @.',
        hint: 'In a user name or a password write / as %2F, \\ as %5C, ? as %3F and # as %23; in a path write @ as %40.',
      }),
    );
  });

  test.each([
    ['https://me:p/w@host:5000/x', 'https://host:5000/x'],
    ['https://me:p?w@host', 'https://host'],
    ['https://me:p#w@host', 'https://host'],
    ['https://me:p@w@host', 'https://host'],
    ['me:p/w@host', 'host'],
    ['http://localhost:5000/x?y', 'http://localhost:5000/x?y'],
  ])('%s is shown as %s', (text, shown) => {
    expect(withoutLogin(text)).toBe(shown);
  });

  test.each([
    ['http://localhost:5017/#/experiments/1', 'http://localhost:5017/#/experiments/1', 'fragment', '#', ''],
    ['http://host/team/?a=b&c=d#e', 'http://host/team/?a=…&c=…#e', 'query', '?', '/team'],
    ['http://me:planted@host/#/runs/1?token=planted', 'http://host/#/runs/1?token=…', 'fragment', '#', ''],
  ])(
    'what a browser adds to an address is named, and the address without it: %s',
    (text, shown, part, mark, path) => {
      const { host } = new URL(text);
      expect(() => parseTrackingUri(text)).toThrow(
        expect.objectContaining({
          message: `Not a tracking server's address: "${shown}": it has a ${part}.`,
          hint: `Leave out everything from ${mark} on: http://${host}${path}`,
        }),
      );
    },
  );

  test('a store of the Python client is told how to be served', () => {
    expect(() => parseTrackingUri('file:///tmp/mlruns')).toThrow(
      expect.objectContaining({
        hint: 'Start a server over that store (`mlflow server --backend-store-uri …`, or `runner ui`) and give its address.',
      }),
    );
  });
});
