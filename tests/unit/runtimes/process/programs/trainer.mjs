/** A trainer that trains nothing: what it does is in its plan, as the name of the job. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    plan: { type: 'string' },
    out: { type: 'string' },
    engine: { type: 'string' },
    'end-with-stdin': { type: 'boolean' },
  },
});
const lines = createInterface({ input: process.stdin });
const [line] = await once(lines, 'line');
const plan = JSON.parse(line);
writeFileSync(
  join(values.out, 'given.json'),
  JSON.stringify({
    ...{ values, plan, env: process.env, argv: process.execArgv, pid: process.pid },
    recorded: JSON.parse(readFileSync(join(values.out, 'trainer.json'), 'utf8')),
  }),
);

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
let seq = 0;
const tell = (message) => {
  const event = { seq, t: 1000 + seq, type: 'log', level: 'info', message };
  seq += 1;
  appendFileSync(join(values.out, 'events.ndjson'), `${JSON.stringify(event)}\n`);
  say({ event });
};
const training = {
  ...{ epochsCompleted: 1, stepsCompleted: 9, bestEpoch: 1, stoppedEarly: false, finalLoss: 'NaN' },
  ...{
    finalAccuracy: 0.5,
    valLoss: 1,
    valAccuracy: 1,
    imagesPerSecond: 7,
    engineStep: 'eager',
    weightsDigest: 'sha256:x',
  },
};
const leave = (record, code, { written = true } = {}) => {
  const exit = {
    ...{
      schemaVersion: 1,
      reason: null,
      message: null,
      error: null,
      phases: { engine: 1, train: 2 },
      training,
    },
    ...{ usage: { cpuSeconds: 3, peakMemoryBytes: 4 }, ...record },
  };
  if (written) writeFileSync(join(values.out, 'exit.json'), JSON.stringify(exit));
  say({ exit });
  process.exit(code);
};
const asked = (then) => process.on('SIGTERM', then);
const cancelled = () => leave({ status: 'cancelled', reason: 'interrupted', message: 'Cancelled.' }, 143);
const forever = () => setInterval(() => undefined, 60_000);

const acts = {
  succeed() {
    tell('one');
    say({
      progress: {
        epoch: 1,
        epochs: 2,
        step: 3,
        stepsPerEpoch: 4,
        loss: 'NaN',
        accuracy: 0,
        imagesPerSecond: 5,
      },
    });
    process.stdout.write('printed by a job\n{"event":"no event"}\n');
    process.stderr.write('a warning\n');
    tell('two');
    leave({ status: 'succeeded' }, 0);
  },
  fail() {
    const error = { code: 'diverged', hint: 'Lower it.' };
    leave({ status: 'failed', reason: 'diverged', message: 'NaN.', error }, 1);
  },
  /** As where the disk is full. */
  unwritten() {
    const error = { code: 'disk-full', hint: 'Free some.' };
    const record = { status: 'failed', reason: 'disk-full', message: 'Full.', error };
    leave(record, 3, { written: false });
  },
  silent() {
    tell('one');
    process.exit(7);
  },
  segfault() {
    tell('one');
    process.kill(process.pid, 'SIGSEGV');
  },
  heap() {
    process.stderr.write(
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n',
      () => process.abort(),
    );
  },
  obey() {
    asked(cancelled);
    tell('waiting');
    forever();
  },
  /** Ends, but not what it has started, which has its output. */
  leaveBehind() {
    const child = spawn('sleep', ['60'], { stdio: 'inherit' });
    tell(String(child.pid));
    leave({ status: 'succeeded' }, 0);
  },
  refuse() {
    asked(() => tell('no'));
    tell('waiting');
    forever();
  },
  /** Ends when whoever holds its standard input does. */
  lifeline() {
    process.stdin.on('end', () => writeFileSync(join(values.out, 'ended'), '')).on('end', cancelled);
    process.stdin.resume();
    tell('waiting');
  },
  flood() {
    process.stdout.write(`${'x'.repeat(10 * 1024 ** 2)}\n`);
    process.stdout.write(Buffer.of(0xff, 0xfe, 0x00, 0x0a));
    process.stdout.write('no newline at the end', () => leave({ status: 'succeeded' }, 0));
  },
  pour() {
    tell('one');
    pour(process.stdout, `${'x'.repeat(99)}\n`);
  },
  /** Lines that hold nothing. */
  pourNewlines() {
    pour(process.stdout, '\n'.repeat(100));
  },
  pourErrors() {
    pour(process.stderr, 'y'.repeat(100));
  },
  /** A display is told of every step of a long training. */
  display() {
    const figures = { epoch: 1, epochs: 1, stepsPerEpoch: 10_000, loss: 1, accuracy: 0, imagesPerSecond: 5 };
    for (let step = 1; step <= 10_000; step += 1) say({ progress: { ...figures, step } });
    process.stdout.write('', () => leave({ status: 'succeeded' }, 0));
  },
};

/** Writes a text over and over, as fast as it is read. */
const pour = (stream, text) => {
  const more = () => {
    while (stream.write(text));
    stream.once('drain', more);
  };
  more();
};
acts[plan.spec.job]();
