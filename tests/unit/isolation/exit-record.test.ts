import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import { exitOfRecord, readExitRecord } from '../../../src/isolation/exit-record.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { recordOf } from './records.js';

async function read(text: string | Uint8Array) {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, 'exit.json'), text);
  return await readExitRecord(directory.path);
}

describe('the record of an exit', () => {
  it('is read as it was written, numbers that JSON cannot hold as strings', async () => {
    const record = recordOf({ training: { ...recordOf().training, finalLoss: 'NaN' } });
    expect(await read(JSON.stringify(record))).toEqual(record);
  });

  it.each<[string, string | Uint8Array]>([
    ['empty', ''],
    ['cut short', JSON.stringify(recordOf()).slice(0, -1)],
    ['something else', '{"hello":"world"}'],
    ['no object', 'null'],
    ['of a later version', JSON.stringify({ ...recordOf(), schemaVersion: 2 })],
    ['of an unknown status', JSON.stringify({ ...recordOf(), status: 'lost' })],
    ['of an unknown reason', JSON.stringify({ ...recordOf(), reason: 'because' })],
    [
      'with usage below zero',
      JSON.stringify({ ...recordOf(), usage: { cpuSeconds: -1, peakMemoryBytes: 0 } }),
    ],
    ['binary', Uint8Array.of(0, 255, 254, 10)],
    ['huge', JSON.stringify(recordOf({ message: 'x'.repeat(1024 ** 2) }))],
  ])('is none if it is %s', async (_what, text) => expect(await read(text)).toBeUndefined());

  it('is none if there is no file, or a folder in its place', async () => {
    using directory = temporaryDirectory();
    expect(await readExitRecord(directory.path)).toBeUndefined();
    mkdirSync(join(directory.path, 'exit.json'));
    expect(await readExitRecord(directory.path)).toBeUndefined();
  });
});

describe('the exit that a record tells', () => {
  it('of a success has no reason, whatever the record holds', () => {
    const { phases, training, usage } = recordOf();
    const forged = recordOf({ reason: 'crashed', message: 'x', error: { code: 'crashed', hint: 'x' } });
    expect(exitOfRecord(forged)).toEqual({
      ...{ status: 'succeeded', reason: null, message: null, exitCode: null, signal: null },
      ...{ phases, training, usage },
    });
  });

  it('of a failure has the error it tells, with its exit status', () => {
    const record = recordOf({
      ...{ status: 'failed', reason: 'bad-data', message: 'Not those.' },
      error: { code: 'bad-data', hint: 'Give others.' },
    });
    const exit = exitOfRecord(record);
    expect(exit).toMatchObject({ status: 'failed', reason: 'bad-data', message: 'Not those.' });
    expect(exit.error).toBeInstanceOf(RunnerError);
    expect(exit.error).toMatchObject({
      code: 'bad-data',
      message: 'Not those.',
      hint: 'Give others.',
      exitCode: 2,
    });
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', '', 'of-a-later-version'])(
    'of a failure whose code is %j fails all the same',
    (code) => {
      const { error } = exitOfRecord(recordOf({ status: 'failed', error: { code, hint: 'x' } }));
      expect(error).toMatchObject({ code: 'run-failed', message: 'The trainer failed.', exitCode: 1 });
    },
  );

  it('of a failure without an error has none', () => {
    expect(exitOfRecord(recordOf({ status: 'failed', reason: 'exception' }))).not.toHaveProperty('error');
  });
});
