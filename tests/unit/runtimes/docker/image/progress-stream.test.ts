import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { errorOf, LastLines, readMessages } from '../../../../../runtimes/docker/image/progress-stream.js';

async function messages(...pieces: readonly (string | Buffer)[]): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const message of readMessages(Readable.from(pieces))) read.push(message);
  return read;
}

describe("the daemon's messages", () => {
  it('are one a line, wherever the stream is cut', async () => {
    const text = '{"stream":"Step 1/2"}\r\n{"status":"Pulling","id":"aé"}\n{"error":"no"}';
    const expected = [{ stream: 'Step 1/2' }, { status: 'Pulling', id: 'aé' }, { error: 'no' }];
    expect(await messages(text)).toEqual(expected);
    const bytes = Buffer.from(text);
    expect(await messages(...Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(expected);
  });

  it('may say more than is read of them', async () => {
    expect(
      await messages('{"aux":{"ID":"sha256:1"},"stream":"x","progressDetail":{"current":1,"unit":"B"}}\n'),
    ).toEqual([{ stream: 'x', progressDetail: { current: 1 } }]);
  });

  it('are refused when they are none', async () => {
    for (const line of ['<html>', '{"stream":1}', '[]']) {
      await expect(messages(`${line}\n`)).rejects.toMatchObject({
        code: 'daemon-failed',
        message: `The daemon's answer is no message: ${line}`,
      });
    }
  });

  it('tell errors in either of two ways', () => {
    expect(errorOf({ error: 'short', errorDetail: { message: 'long' } })).toBe('long');
    expect(errorOf({ error: 'short' })).toBe('short');
    expect(errorOf({ stream: 'x' })).toBeUndefined();
  });
});

describe('the last lines of an output', () => {
  it('are put together from pieces, without colours, blank lines, progress bars and noise', () => {
    const last = new LastLines(3);
    for (const piece of ['one\ntw', 'o\n\n\u001b[91mthree\u001b[0m\n', '10 %\r20 %\r\n ---> 0a\nfo', 'ur'])
      last.add(piece);
    expect(last.toString()).toBe('10 %\n20 %\nfour');
    expect(new LastLines(3).toString()).toBe('');
  });
});
