import { describe, expect, it } from 'vitest';
import {
  attachSuppressed,
  describeError,
  nameDiskFull,
  reworded,
  toRunnerError,
} from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';

const errno = (code: string, path?: string) => Object.assign(new Error(`${code}: no`), { code, path });

describe('toRunnerError', () => {
  it('leaves a RunnerError as it is', () => {
    const error = new RunnerError('bad-data', 'x');
    expect(toRunnerError(error)).toBe(error);
  });

  it.each([
    ['ENOSPC', 'no space is left on the device'],
    ['EDQUOT', 'the disk quota is used up'],
  ])('reads %s as disk-full and names the file', (code, why) => {
    const cause = errno(code, '/runs/a');
    const error = toRunnerError(cause);
    expect(error).toMatchObject({ code: 'disk-full', exitCode: 3, message: `Cannot write /runs/a: ${why}.` });
    expect(error.cause).toBe(cause);
  });

  it.each([
    ['EACCES', 'permission is denied', /owner, permissions, mount/],
    ['EPERM', 'the operation is not permitted', /owner, permissions, mount/],
    ['EROFS', 'the file system is read-only', /owner, permissions, mount/],
    ['EIO', 'the device reports an input/output error', /kernel log/],
    ['ESTALE', 'the network file system has lost it', /Mount/],
    ['EMFILE', 'this process can open no more files', /ulimit -n/],
    ['ENFILE', 'this machine can open no more files', /holds so many open/],
  ])('reads %s as file-unusable, names the file and says what to do', (code, why, hint) => {
    const cause = errno(code, '/runs/a');
    const error = toRunnerError(cause);
    expect(error).toMatchObject({
      ...{ code: 'file-unusable', exitCode: 3, cause },
      message: `Cannot use /runs/a: ${why} (${code}).`,
      hint: expect.stringMatching(hint) as string,
    });
  });

  it('names the file that the caller knows where the error does not', () => {
    expect(toRunnerError(errno('EIO'), '/runs/b').message).toMatch(/^Cannot use \/runs\/b: /);
    expect(toRunnerError(errno('ENOSPC'), '/runs/b').message).toMatch(/^Cannot write \/runs\/b: /);
    expect(toRunnerError(errno('EIO', '/runs/a'), '/runs/b').message).toMatch(/^Cannot use \/runs\/a: /);
  });

  it('reads anything else as internal and keeps it as the cause', () => {
    const cause = new TypeError('x is not a function');
    expect(toRunnerError(cause)).toMatchObject({ code: 'internal', message: 'x is not a function', cause });
    expect(toRunnerError(errno('ENOENT', '/runs/a'))).toMatchObject({ code: 'internal' });
    expect(toRunnerError(null)).toMatchObject({ code: 'internal', message: 'null' });
  });
});

describe('nameDiskFull', () => {
  it('passes every other error through', () => {
    const error = errno('EACCES');
    expect(nameDiskFull(error, '/runs/a')).toBe(error);
  });
});

describe('describeError', () => {
  it.each([
    [new Error('text'), 'text'],
    [new TypeError(), 'TypeError'],
    ['a string', 'a string'],
    [{ status: 404 }, '{ status: 404 }'],
    [undefined, 'undefined'],
  ])('says something about %o', (thrown, text) => {
    expect(describeError(thrown)).toBe(text);
  });
});

describe('attachSuppressed', () => {
  it('wraps a first error that cannot carry others', () => {
    expect(attachSuppressed('text', [1])).toMatchObject({ message: 'text', errors: ['text', 1] });
  });
});

describe('reworded', () => {
  it('keeps the error as the cause, and what failed after it', () => {
    const later = new Error('nor that');
    const error = new RunnerError('crashed', 'It crashed.', { hint: 'Look.' });
    attachSuppressed(error, [later]);
    const other = reworded(error, { message: 'Run a: It crashed.' });
    expect(other).toMatchObject({ code: 'crashed', message: 'Run a: It crashed.', hint: 'Look.' });
    expect(other).toMatchObject({ cause: error, suppressed: [later] });
  });

  it('has nothing suppressed where nothing was', () => {
    const other = reworded(new RunnerError('crashed', 'x'), { code: 'run-failed', hint: 'Look.' });
    expect(other).toMatchObject({ code: 'run-failed', message: 'x', hint: 'Look.' });
    expect(other).not.toHaveProperty('suppressed');
  });

  it('is the error itself where nothing is said otherwise', () => {
    const error = new RunnerError('crashed', 'x');
    expect(reworded(error, { message: 'x', hint: error.hint })).toBe(error);
  });
});
