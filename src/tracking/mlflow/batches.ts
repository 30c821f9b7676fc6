/** Cuts what is to be logged into requests that the server takes, in order. */
import { encodeNumber } from '../../contract/json-number.js';
import type { Entry, MetricPoint } from '../record/run-record.js';
import { LIMITS } from './limits.js';

export interface Batch<T> {
  /** JSON for `runs/log-batch`. */
  readonly body: Buffer;
  /** What is in it. */
  readonly items: readonly T[];
}

/** Points as JSON are made by hand, each key but once: a run has tens of thousands. */
export function metricBatches(
  runId: string,
  points: readonly MetricPoint[],
  { metrics, bytes }: { readonly metrics: number; readonly bytes: number } = LIMITS,
): Generator<Batch<MetricPoint>> {
  const keys = new Map<string, Piece>();
  const encode = ({ key, value, timestamp, step }: MetricPoint): Piece => {
    let start = keys.get(key);
    if (start === undefined) keys.set(key, (start = pieceOf(`{"key":${JSON.stringify(key)},"value":`)));
    // NaN and the infinities are strings in protobuf's JSON; -0 is 0.
    const rest = `${JSON.stringify(encodeNumber(value))},"timestamp":${timestamp},"step":${step}}`;
    return { text: start.text + rest, bytes: start.bytes + rest.length };
  };
  return batches(runId, 'metrics', points, encode, { items: metrics, bytes });
}

export function entryBatches(
  runId: string,
  kind: 'params' | 'tags',
  entries: readonly Entry[],
  limits = LIMITS,
): Generator<Batch<Entry>> {
  const encode = ({ key, value }: Entry): Piece => pieceOf(JSON.stringify({ key, value }));
  return batches(runId, kind, entries, encode, { items: limits[kind], bytes: limits.bytes });
}

interface Piece {
  readonly text: string;
  /** In UTF-8. */
  readonly bytes: number;
}
const pieceOf = (text: string): Piece => ({ text, bytes: Buffer.byteLength(text) });

function* batches<T>(
  runId: string,
  kind: 'metrics' | 'params' | 'tags',
  all: readonly T[],
  encode: (item: T) => Piece,
  limits: { readonly items: number; readonly bytes: number },
): Generator<Batch<T>> {
  const head = `{"run_id":${JSON.stringify(runId)},"${kind}":[`;
  const tail = ']}';
  const frame = Buffer.byteLength(head) + tail.length;
  let texts: string[] = [];
  let bytes = frame;
  let from = 0;
  const cut = (to: number): Batch<T> => {
    const batch = { body: Buffer.from(head + texts.join(',') + tail), items: all.slice(from, to) };
    texts = [];
    bytes = frame;
    from = to;
    return batch;
  };
  for (const [index, item] of all.entries()) {
    const piece = encode(item);
    // One is always taken, however long: the server must say itself that it is too long.
    if (texts.length > 0 && (texts.length === limits.items || bytes + piece.bytes + 1 > limits.bytes))
      yield cut(index);
    texts.push(piece.text);
    bytes += piece.bytes + 1;
  }
  if (texts.length > 0) yield cut(all.length);
}
