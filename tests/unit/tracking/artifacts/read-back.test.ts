import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readBack } from '../../../../src/tracking/artifacts/read-back.js';

const read = async (content: PassThrough): Promise<string> => {
  const chunks: Uint8Array[] = [];
  const asFailure = (error: unknown): Error => new Error('failure', { cause: error });
  for await (const chunk of readBack(content, asFailure, 20)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

it('gives what comes', async () => {
  const content = new PassThrough();
  content.write('a');
  content.end('b');
  expect(await read(content)).toBe('ab');
});

it('fails, and ends the stream, if nothing comes any more', async () => {
  const content = new PassThrough();
  content.write('a');
  await expect(read(content)).rejects.toMatchObject({ message: 'failure', cause: { code: 'ETIMEDOUT' } });
  expect(content.destroyed).toBe(true);
});

it('says what it means that the stream has failed', async () => {
  const content = new PassThrough();
  content.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
  await expect(read(content)).rejects.toMatchObject({ message: 'failure', cause: { code: 'ECONNRESET' } });
});
