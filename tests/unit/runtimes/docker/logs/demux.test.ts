import { describe, expect, it } from 'vitest';
import { Demuxer, type FramePiece } from '../../../../../runtimes/docker/logs/demux.js';
import { frame, randomOf, splitRandomly } from './log-frames.js';

/** The whole frames in these chunks, put together from their pieces. */
function demux(chunks: readonly Buffer[]): [stream: string, payload: string][] {
  const frames: [string, Buffer][] = [];
  let open: FramePiece[] = [];
  const demuxer = new Demuxer((piece) => {
    expect(piece.begins).toBe(open.length === 0);
    open.push(piece);
    if (!piece.ends) return;
    frames.push([piece.stream, Buffer.concat(open.map(({ bytes }) => bytes))]);
    open = [];
  });
  for (const chunk of chunks) demuxer.push(chunk);
  demuxer.end();
  return frames.map(([stream, payload]) => [stream, payload.toString()]);
}

describe('Demuxer', () => {
  it('tells stdout and stderr apart', () => {
    expect(demux([Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(1, 'more')])])).toEqual([
      ['stdout', 'out'],
      ['stderr', 'err'],
      ['stdout', 'more'],
    ]);
  });

  it('finds the same frames however the stream is cut into chunks', () => {
    const random = randomOf(7);
    const frames = Array.from(
      { length: 300 },
      (_, index) => [random(1, 2), `${index}:`.padEnd(random(4, 90), '·')] as const,
    );
    const bytes = Buffer.concat(frames.map(([kind, text]) => frame(kind, text)));
    const expected = frames.map(([kind, text]) => [kind === 1 ? 'stdout' : 'stderr', text]);
    for (let seed = 0; seed < 100; seed += 1) expect(demux(splitRandomly(bytes, seed))).toEqual(expected);
  });

  it('finds frames that come byte by byte', () => {
    const bytes = Buffer.concat([frame(1, 'a'), frame(2, 'bc')]);
    expect(demux(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual([
      ['stdout', 'a'],
      ['stderr', 'bc'],
    ]);
  });

  it('passes over frames without payload', () => {
    expect(demux([Buffer.concat([frame(1, ''), frame(1, 'a'), frame(2, '')])])).toEqual([['stdout', 'a']]);
  });

  it.each([
    ['65,536 frames of one byte', 65_536, 1],
    ['1 MiB in frames of 30 bytes', 34_953, 30],
  ])('takes %s in one chunk', (_, count, bytes) => {
    const chunk = Buffer.concat(Array.from({ length: count }, () => frame(1, 'x'.repeat(bytes))));
    let [frames, payload] = [0, 0];
    const demuxer = new Demuxer((piece) => {
      frames += 1;
      payload += piece.bytes.length;
    });
    demuxer.push(chunk);
    expect({ frames, payload }).toEqual({ frames: count, payload: count * bytes });
  });

  it('gathers nothing of a frame that claims four gigabytes', () => {
    const header = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    const pieces: FramePiece[] = [];
    const demuxer = new Demuxer((piece) => pieces.push(piece));
    const chunk = Buffer.from('abc');
    demuxer.push(header);
    demuxer.push(chunk);
    expect(pieces).toEqual([{ stream: 'stdout', bytes: chunk, begins: true, ends: false }]);
    expect(pieces[0]?.bytes.buffer).toBe(chunk.buffer);
  });

  it.each([
    ['an unknown stream', Buffer.from([4, 0, 0, 0, 0, 0, 0, 1]), '0x0400000000000001'],
    ['bytes that must be zero', Buffer.from([1, 0, 7, 0, 0, 0, 0, 1]), '0x0100070000000001'],
    ['plain text, as of a container with a terminal', Buffer.from('hello, world'), '0x68656c6c6f2c2077'],
  ])('refuses %s', (_, bytes, header) => {
    expect(() => demux([bytes])).toThrow(`the stream is malformed: a frame begins with ${header}`);
  });

  it.each([
    ['a header', 3],
    ['a payload', 10],
  ])('refuses a stream that ends within %s', (_, length) => {
    expect(() => demux([frame(1, 'abcdef').subarray(0, length)])).toThrow('the stream ended within a frame');
  });

  it('says what the daemon says went wrong', () => {
    const error = frame(3, 'Error grabbing logs: unexpected EOF\n');
    expect(() => demux([Buffer.concat([frame(1, 'a'), error])])).toThrow(
      /^the daemon says: Error grabbing logs: unexpected EOF$/,
    );
    expect(() => demux(splitRandomly(error, 1, 3))).toThrow(
      'the daemon says: Error grabbing logs: unexpected EOF',
    );
    expect(() => demux([frame(3, 'e'.repeat(100_000))])).toThrow(/^the daemon says: e{1024}$/);
  });
});
