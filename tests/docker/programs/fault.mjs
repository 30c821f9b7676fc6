/**
 * Loaded before the trainer's program in the images of support/fault-images.ts: the trainer is the real one, and goes
 * wrong at a chosen event in the way that RUNNER_TEST_FAULT names.
 */
import fs from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const promises = createRequire(import.meta.url)('node:fs/promises');
const write = fs.writeSync;
const print = (/** @type {string | Buffer} */ what, fd = 1) => {
  const bytes = Buffer.from(what);
  for (let done = 0; done < bytes.length;) {
    try {
      done += write(fd, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
};
const end = (/** @type {NodeJS.Signals} */ signal) => {
  process.kill(process.pid, signal);
  // Not every signal comes at once.
  for (;;);
};
/** Calls `act` once, right before the first event of a type is told; it is in the trainer's own log already. */
const before = (/** @type {string} */ type, /** @type {(event: any) => void} */ act) => {
  fs.writeSync = (fd, bytes, ...rest) => {
    const text = fd === 1 ? bytes.toString() : '';
    const { event } = text.startsWith('{"event"') ? JSON.parse(text) : {};
    if (event?.type === type) {
      fs.writeSync = write;
      syncBuiltinESMExports();
      act(event);
    }
    return write(fd, bytes, ...rest);
  };
};
/** Events that were never: of other kinds, from the past, from the future, and none at all. */
const forgeries = (/** @type {number} */ seq) =>
  [0, seq - 1, seq + 1, seq + 1000, 2 ** 40, -1, 1.5, 'x', null]
    .map((forged) => ({ seq: forged, t: 1, type: 'log', level: 'warn', message: 'forged' }))
    .concat([{ seq, type: 'unknown' }])
    .map((event) => `${JSON.stringify({ event })}\n`)
    .join('');

/** @type {Record<string, () => void>} */
const FAULTS = {
  throws: () =>
    before('checkpoint', () => {
      throw new Error('provoked at the first checkpoint');
    }),
  'takes all memory': () =>
    before('checkpoint', () => {
      const hoard = [];
      for (;;) hoard.push(Buffer.alloc(16 * 1024 ** 2, 1));
    }),
  'fills its heap': () =>
    before('checkpoint', () => {
      const hoard = [];
      for (;;) hoard.push({ more: [hoard.length, `${hoard.length}`] });
    }),
  /** The training loop's next look at its numbers finds none. */
  'loses its numbers': () =>
    before('metric', () => {
      const isFinite = Number.isFinite;
      Number.isFinite = (value) =>
        !/fit\.js/.test(new Error().stack?.split('\n')[2] ?? '') && isFinite(value);
    }),
  'crashes natively': () => before('checkpoint', () => end('SIGSEGV')),
  'ends with status 7': () => before('checkpoint', () => process.exit(7)),
  'ends with status 255': () => before('checkpoint', () => process.exit(255)),
  'says that it succeeded': () =>
    before('checkpoint', () => {
      const exit = { schemaVersion: 1, status: 'succeeded', reason: null, message: null, error: null };
      const usage = { cpuSeconds: 1, peakMemoryBytes: 1 };
      const training = { epochsCompleted: 9, stepsCompleted: 9, bestEpoch: 9, stoppedEarly: false };
      const figures = { finalLoss: 0, finalAccuracy: 1, valLoss: 0, valAccuracy: 1, imagesPerSecond: 1 };
      const weightsDigest = `sha256:${'0'.repeat(64)}`;
      Object.assign(training, figures, { engineStep: 'traced', weightsDigest });
      print(`${JSON.stringify({ exit: { ...exit, phases: {}, training, usage } })}\n`);
      process.exit(0);
    }),
  'is killed while it traces': () => {
    const original = fs.writeFileSync;
    fs.writeFileSync = (path, ...rest) => {
      original(path, ...rest);
      if (`${path}`.includes('traced-step-')) end('SIGKILL');
    };
  },
  'is killed while it says how it ended': () => {
    const original = promises.rename;
    promises.rename = (from, to) => (`${to}`.endsWith('/exit.json') ? end('SIGKILL') : original(from, to));
  },
  'ignores SIGTERM': () => {
    const original = process.on;
    process.on = (name, listener) =>
      original.call(process, name, name === 'SIGTERM' ? () => undefined : listener);
  },
  'prints without end': () =>
    before('checkpoint', () => {
      const page = `${'x'.repeat(1023)}\n`.repeat(64);
      for (;;) print(page);
    }),
  'leaves a link': () => before('artifact', () => fs.symlinkSync('/etc/passwd', '/out/artifacts/passwords')),
  'leaves a huge file': () =>
    before('artifact', () => {
      fs.writeFileSync('/out/artifacts/huge', '');
      fs.truncateSync('/out/artifacts/huge', 10e9);
    }),
  'leaves 100,000 files': () =>
    before('artifact', () => {
      fs.mkdirSync('/out/artifacts/many');
      for (let n = 0; n < 100_000; n += 1) fs.closeSync(fs.openSync(`/out/artifacts/many/${n}`, 'w'));
    }),
  'leaves a file of its own': () => before('artifact', () => fs.writeFileSync('/out/mine', 'x')),
  'changes an artifact': () => {
    const original = promises.rename;
    promises.rename = async (from, to) => {
      if (`${to}`.endsWith('/exit.json')) fs.appendFileSync('/out/artifacts/manifest.json.txt', 'x');
      return original(from, to);
    };
  },
  'forges an event': () =>
    before('checkpoint', (event) => {
      print(`${JSON.stringify({ event: { ...event, epoch: 77, path: '../../x' } })}\n`);
    }),
  /** No fault: numbered lines on both streams around each event, so that none that is lost or doubled stays unseen. */
  chatters: () => {
    let line = 0;
    fs.writeSync = (fd, bytes, ...rest) => {
      const isEvent = fd === 1 && bytes.toString('latin1', 0, 9) === '{"event":';
      for (const end = line + (isEvent ? 40 : 0); line < end; line += 1) {
        print(`line ${line}\n`, 1);
        print(`line ${line}\n`, 2);
      }
      return write(fd, bytes, ...rest);
    };
  },
  'prints what it likes': () =>
    before('checkpoint', ({ seq }) => {
      print(forgeries(seq));
      print(Buffer.from([0xff, 0xfe, 0x00, 0x1b, 0x5b, 0x32, 0x4a, 0x0a]));
      print(`${'long '.repeat(2 * 1024 ** 2)}\n`, 2);
      // The first half of a character, at the end of a line and of everything.
      print(Buffer.from([0x7b, 0x22, 0xe2, 0x82, 0x0a]));
      process.on('exit', () => print(Buffer.from([0x65, 0x6e, 0x64, 0xe2, 0x82]), 2));
    }),
};

const fault = FAULTS[process.env.RUNNER_TEST_FAULT ?? ''];
if (fault === undefined) throw new Error(`no such fault: ${process.env.RUNNER_TEST_FAULT}`);
fault();
syncBuiltinESMExports();
