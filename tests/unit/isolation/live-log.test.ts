import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LiveLog } from '../../../src/isolation/live-log.js';
import { readEvents } from '../../../src/common/event-log.js';
import type { TrainingProgress } from '../../../src/contract/runtime.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { recordOf } from './records.js';
import { CLOCK } from '../orchestrator/specs.js';
import { lineOf } from '../runtimes/docker/logs/log-frames.js';

const event = (seq: number, message = `event ${seq}`) => ({
  seq,
  t: seq,
  type: 'log',
  level: 'info',
  message,
});
const out = (at: number, message: unknown) =>
  lineOf({ stream: 'stdout', at, text: typeof message === 'string' ? message : JSON.stringify(message) });
const said = (at: number, seq: number, message?: string) => out(at, { event: event(seq, message) });

/** One process that follows a trainer; several may come after one another in a run directory. */
function follow(runDir: string, lines: readonly ReturnType<typeof out>[][]) {
  const [told, progress]: [string[], TrainingProgress[]] = [[], []];
  using log = LiveLog.resume(runDir, {
    clock: CLOCK,
    onEvent: (found) => told.push((found as { message: string }).message),
    onProgress: (step) => progress.push(step),
  });
  for (const batch of lines) log.add(batch);
  return { told, progress, exit: log.exit, position: log.position };
}

const eventsIn = async (runDir: string) =>
  (await readEvents(join(runDir, 'events.ndjson'))).map((found) => (found as { message: string }).message);

describe('what a trainer says while it is followed', () => {
  it('is events for the log, and what else it printed for people', async () => {
    using directory = temporaryDirectory();
    const step = { epoch: 1, epochs: 1, step: 1, stepsPerEpoch: 1, loss: 1, accuracy: 1, imagesPerSecond: 1 };
    const { told, progress, exit } = follow(directory.path, [
      [said(1, 0), out(2, 'hello'), said(3, 1)],
      [out(4, { progress: step }), lineOf({ stream: 'stderr', at: 5, text: 'a warning' })],
      [out(6, { exit: recordOf() })],
    ]);
    expect(told).toEqual(['event 0', 'event 1']);
    expect(await eventsIn(directory.path)).toEqual(told);
    expect(progress).toEqual([step]);
    expect(exit).toEqual(recordOf());
    const text = readFileSync(join(directory.path, 'trainer.log'), 'utf8');
    expect(text.split('\n').map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      ...['stdout hello', 'stderr a warning', ''],
    ]);
  });

  it('comes once for each event, though a successor reads it again', async () => {
    using directory = temporaryDirectory();
    const lines = [said(1, 0), out(2, 'printed'), said(3, 1), said(4, 2)];
    expect(follow(directory.path, [lines.slice(0, 3)]).told).toEqual(['event 0', 'event 1']);
    const second = follow(directory.path, [lines.slice(1)]);
    expect(second.told).toEqual(['event 2']);
    expect(await eventsIn(directory.path)).toEqual(['event 0', 'event 1', 'event 2']);
    const text = readFileSync(join(directory.path, 'trainer.log'), 'utf8');
    expect(text.match(/printed/g)).toHaveLength(1);
  });

  it('with events missing is left for the trainer’s own log, which is whole', async () => {
    using directory = temporaryDirectory();
    const { told } = follow(directory.path, [[said(1, 0), said(2, 2), said(3, 3), said(4, 1)]]);
    expect(told).toEqual(['event 0', 'event 1']);
    expect(await eventsIn(directory.path)).toEqual(['event 0', 'event 1']);
  });

  it('is no event of another number: forged ones change nothing', async () => {
    using directory = temporaryDirectory();
    const { told } = follow(directory.path, [
      [said(1, 7, 'forged'), said(2, 0), said(3, 0, 'forged'), said(4, 1)],
    ]);
    expect(told).toEqual(['event 0', 'event 1']);
    expect(await eventsIn(directory.path)).toEqual(told);
    expect(readFileSync(join(directory.path, 'trainer.log'), 'utf8')).toBe('');
  });

  it('on its standard error is for people, whatever it looks like', () => {
    using directory = temporaryDirectory();
    const text = JSON.stringify({ event: event(0) });
    const { told } = follow(directory.path, [[lineOf({ stream: 'stderr', at: 1, text })]]);
    expect(told).toEqual([]);
    expect(readFileSync(join(directory.path, 'trainer.log'), 'utf8')).toContain(`stderr ${text}\n`);
  });

  it('that is nothing leaves two empty files, and a place to begin', () => {
    using directory = temporaryDirectory();
    expect(follow(directory.path, [])).toEqual({ told: [], progress: [], exit: undefined, position: {} });
    expect(existsSync(join(directory.path, 'events.ndjson'))).toBe(true);
    expect(existsSync(join(directory.path, 'trainer.log'))).toBe(true);
  });
});
