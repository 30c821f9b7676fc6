import { describe, expect, it } from 'vitest';
import {
  checkPlatform,
  npmArguments,
  npmFailure,
} from '../../../../src/engine/provision/provision-webgpu.js';
import { webgpuPackages } from '../../../../src/engine/webgpu/packages.js';

const [DAWN] = webgpuPackages('linux-x64');

it('packages are fetched by exact version, and none of their scripts is run', () => {
  expect(npmArguments(DAWN!, '/into').join(' ')).toBe(
    'npm pack webgpu@0.6.2 --pack-destination /into --ignore-scripts --loglevel error --no-update-notifier',
  );
});

describe('what npm cannot do is told by its cause', () => {
  const failure = (output: string, notFound = false) => npmFailure({ output, notFound }, DAWN!);

  it.each([
    ['', true, 'npm-missing', 'npm, which fetches webgpu 0.6.2, was not found in PATH.'],
    ['npm error code ENOTFOUND', false, 'download-failed', /^npm could not reach its registry/],
    ['npm error code ECONNREFUSED', false, 'download-failed', /^npm could not reach its registry/],
    ['npm error code E404', false, 'download-failed', /^npm's registry has no webgpu 0\.6\.2/],
    ['npm error code ENOSPC', false, 'disk-full', /^npm cannot write webgpu-0\.6\.2\.tgz/],
    ['', false, 'download-failed', /Its last words:\n\(none\)$/],
  ])('%j', (output, notFound, code, message) => {
    expect(failure(output, notFound)).toMatchObject({ code, exitCode: 3 });
    expect(failure(output, notFound).message).toMatch(message);
  });
});

it('another system, an older glibc or another C library is refused', () => {
  expect(() => checkPlatform('linux-x64', '2.34')).not.toThrow();
  expect(() => checkPlatform('darwin-arm64', null)).toThrow(
    'There is no engine webgpu for darwin-arm64; there is one for linux-x64, linux-arm64.',
  );
  expect(() => checkPlatform('linux-x64', '2.31')).toThrow(
    'needs glibc 2.34 or newer; this system has glibc 2.31.',
  );
  expect(() => checkPlatform('linux-x64', null)).toThrow('this system has another C library (musl?).');
});
