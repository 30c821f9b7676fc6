import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseCard } from '../../../scripts/lib/gpu-proof-card.mjs';
import { measureRounds } from '../../../scripts/lib/gpu-proof-rounds.mjs';
import { runToEnd, whyFailed, withoutSettings } from '../../../scripts/lib/gpu-proof-run.mjs';
import { waysOf } from '../../../scripts/lib/gpu-proof-ways.mjs';
import { temporaryDirectory } from '../common/temporary-directory.js';

type Way = ReturnType<typeof waysOf>[number];
type Ended = Awaited<ReturnType<Way['train']>>;

const CARD = { memoryBytes: 1, computeCapability: '9.0' };
const cards = [0, 1].map((index) => ({ ...CARD, index, uuid: `GPU-${index}ab`, name: `Card ${index}` }));
const gpu = (problems: Record<string, string> = {}) => ({ problems, survey: { cards, driver: '570.1' } });
const BUSY = 'It is busy.';

describe('the card that is measured', () => {
  it('is the first that a run could train on, or the one that is named', () => {
    expect(chooseCard(gpu(), {})).toEqual({ card: 0, problems: [] });
    expect(chooseCard(gpu({ 'GPU 0': BUSY, 'GPU engine': 'Not there yet.' }), {})).toEqual({
      ...{ card: 1, problems: [] },
    });
    expect(chooseCard(gpu(), { wanted: 1 }).card).toBe(1);
  });

  it('is one of those that CUDA_VISIBLE_DEVICES names', () => {
    expect(chooseCard(gpu(), { visible: '1' }).card).toBe(1);
    expect(chooseCard(gpu(), { visible: ' GPU-1a,7' }).card).toBe(1);
    expect(chooseCard(gpu(), { visible: '' })).toEqual({
      problems: ['There is no GPU 0: this machine has 2, and CUDA_VISIBLE_DEVICES is "".'],
    });
  });

  it('is the one with the number 0 where only a run can tell', () => {
    expect(chooseCard({ problems: {}, survey: { cards: null, driver: '570.1' } }, {}).card).toBe(0);
  });

  it('is none where the machine or the card cannot, which is told', () => {
    expect(chooseCard(gpu({ 'GPU driver': 'Too old.', 'GPU 0': BUSY }), {})).toEqual({
      problems: ['GPU driver: Too old.'],
    });
    expect(chooseCard(gpu({ 'GPU 1': BUSY }), { wanted: 1 })).toEqual({ problems: ['GPU 1: It is busy.'] });
    expect(chooseCard(gpu(), { wanted: 2 })).toEqual({
      problems: ['There is no GPU 2: this machine has 2.'],
    });
  });
});

describe('the ways of training', () => {
  /** What each is run with. */
  async function commands(conditions: Partial<Parameters<typeof waysOf>[0]> = {}) {
    const asked = new Map<string, readonly string[]>();
    let of = '';
    const remember = (args: readonly string[]): Promise<Ended> => {
      asked.set(of, args);
      return Promise.resolve({ status: 0, words: '' });
    };
    const ways = waysOf({
      ...{ card: 'device=1', daemon: true, epochs: 6, threads: 4, runsDir: '/runs' },
      ...{ runner: remember, torch: remember },
      ...conditions,
    });
    for (const { key, train } of ways) {
      of = key;
      await train();
    }
    return { asked, ways };
  }
  const valueOf = (args: readonly string[] = [], flag: string) => args[args.indexOf(flag) + 1];

  it('name each option once, take the same card, and never another step than the one that is meant', async () => {
    const { asked } = await commands();
    for (const [key, args] of asked) {
      const flags = args.filter((arg) => arg.startsWith('--'));
      expect({ key, flags }).toEqual({ key, flags: [...new Set(flags)] });
      if (key.startsWith('gpu')) {
        expect([key, valueOf(args, '--gpus'), valueOf(args, '--engine-step')]).toEqual([
          ...[key, 'device=1', key === 'gpu-eager' ? 'eager' : 'traced'],
        ]);
      }
    }
    expect(valueOf(asked.get('webgpu'), '--epochs')).toBe('1');
    expect(asked.get('webgpu')).not.toContain('--webgpu-adapter');
    expect(asked.get('torch')?.join(' ')).toBe('--epochs 6 --threads 4 --device cuda --read epoch');
  });

  it('leave the container out where there is no daemon, and name the card to Dawn where there are several', async () => {
    const { asked } = await commands({ daemon: false, adapter: 'NVIDIA H100' });
    expect([...asked.keys()].filter((key) => key.includes('docker'))).toEqual([]);
    expect(valueOf(asked.get('webgpu'), '--webgpu-adapter')).toBe('NVIDIA H100');
  });

  it('count the epochs after the first, where there is more than one', async () => {
    const { ways } = await commands();
    const read = (key: string, speeds: readonly number[], adapter?: object) => {
      using directory = temporaryDirectory();
      const events = speeds.map((imagesPerSecond) => ({ type: 'epoch', imagesPerSecond }));
      const lines = [{ type: 'phase' }, ...events].map((event) => JSON.stringify(event));
      writeFileSync(join(directory.path, 'events.ndjson'), `${lines.join('\n')}\n`);
      writeFileSync(join(directory.path, 'spec.json'), JSON.stringify({ engine: { webgpu: { adapter } } }));
      mkdirSync(join(directory.path, 'checkpoints'));
      const document = { runDir: directory.path, weightsDigest: 'sha256:a', testAccuracy: 0.5 };
      return ways.find((way) => way.key === key)?.read(document);
    };
    // 1 image at 100, and 1 at 300 a second.
    expect(read('gpu', [1, 100, 300])).toEqual({ imagesPerSecond: 150, digest: 'sha256:a', accuracy: 0.5 });
    const nvidia = { vendor: 'nvidia', device: '0x2330', description: '' };
    expect(read('webgpu', [7], nvidia)).toEqual({ imagesPerSecond: 7, digest: undefined, accuracy: 0.5 });
    const intel = { vendor: 'intel', device: '0x9a49', description: 'Iris' };
    expect(() => read('webgpu', [7], intel)).toThrow('it computed on 0x9a49 (Iris)');
  });
});

describe('rounds', () => {
  /** A way whose runs come to these one after the other: a speed, or a failure. */
  const way = (key: string, results: (number | string)[], more: Partial<Way> = {}): Way => ({
    ...{ key, title: key },
    train: () => {
      const result = results.shift() ?? 'run once too often';
      return Promise.resolve(
        typeof result === 'number'
          ? { status: 0, document: { result }, words: '' }
          : { status: 3, document: { error: { message: result } }, words: '' },
      );
    },
    read: ({ result }: { result: number }) => ({ imagesPerSecond: result }),
    ...more,
  });
  const measure = (ways: Way[], options: Partial<Parameters<typeof measureRounds>[1]> = {}) =>
    measureRounds(ways, {
      ...{ rounds: 3, tell: () => undefined, onRun: () => undefined, isStopped: () => false },
      ...options,
    });

  it('keep what a way has measured though it fails later, and do not try again what never succeeded', async () => {
    const measured = await measure([
      way('steady', [1, 2, 3]),
      way('falls', [4, 'out of memory', 5]),
      way('lacks', ['no Vulkan']),
      way('slow', [6], { isSlow: true, isOptional: true }),
    ]);
    expect(Object.fromEntries(measured)).toEqual({
      steady: {
        ...{ title: 'steady', isOptional: false, failures: [] },
        runs: [1, 2, 3].map((round) => ({ round, imagesPerSecond: round })),
      },
      falls: {
        ...{ title: 'falls', isOptional: false, failures: [{ round: 2, why: 'out of memory' }] },
        runs: [
          { round: 1, imagesPerSecond: 4 },
          { round: 3, imagesPerSecond: 5 },
        ],
      },
      lacks: {
        ...{ title: 'lacks', isOptional: false, runs: [], failures: [{ round: 1, why: 'no Vulkan' }] },
      },
      slow: { title: 'slow', isOptional: true, failures: [], runs: [{ round: 1, imagesPerSecond: 6 }] },
    });
  });

  it('tell of each run as it ends, in another order each round', async () => {
    const told: string[] = [];
    const seen: number[] = [];
    const ways = ['a', 'b', 'c', 'd'].map((key) => way(key, [1, 1, 1]));
    await measure(ways, {
      tell: (line) => told.push(line.replace(/^ +Round (\d) of 3: (\w): 1 images\/s$/, '$1$2')),
      onRun: (soFar) => seen.push([...soFar.values()].flatMap(({ runs }) => runs).length),
    });
    expect(seen).toEqual([...told.keys()].map((i) => i + 1));
    const orders = ['1', '2', '3'].map((round) => told.filter((line) => line.startsWith(round)));
    expect(orders.map((order) => order.map((line) => line[1]).sort())).toEqual(
      Array<string[]>(3).fill(['a', 'b', 'c', 'd']),
    );
    expect(new Set(orders.map((order) => order.map((line) => line[1]).join(''))).size).toBeGreaterThan(1);
  });

  it('take what was interrupted for no failure, and begin nothing more', async () => {
    let runs = 0;
    const interrupted = way('a', [], {
      train: () => {
        runs += 1;
        return Promise.resolve({ status: 130, words: '' });
      },
    });
    const measured = await measure([interrupted], { isStopped: () => runs > 0 });
    expect([runs, measured.get('a')?.failures]).toEqual([1, []]);
  });

  it('take a run that tells nothing for a failure, whatever its exit status', async () => {
    const silent = way('a', [], { train: () => Promise.resolve({ status: 0, words: 'Aborted' }) });
    const strange = way('b', [], {
      train: () => Promise.resolve({ status: 0, document: {}, words: '' }),
      read: () => ({ imagesPerSecond: NaN }),
    });
    const measured = await measure([silent, strange], { rounds: 1 });
    expect([...measured.values()].flatMap(({ failures }) => failures.map(({ why }) => why))).toEqual([
      ...['Aborted', 'it told no speed'],
    ]);
  });
});

describe('a program', () => {
  const run = (script: string, more: Partial<Parameters<typeof runToEnd>[2]> = {}) =>
    runToEnd(process.execPath, ['-e', script], { cwd: '/', env: process.env, ...more });

  it('is run to its end with the document that it prints, whatever is printed before', async () => {
    expect(await run('console.log(JSON.stringify({ a: 1 }, null, 2))')).toEqual({
      ...{ status: 0, document: { a: 1 }, words: '' },
    });
    expect((await run('console.log("Warning"); console.log(JSON.stringify({ b: 2 }))')).document).toEqual({
      b: 2,
    });
  });

  it('that fails is told by its document, else by its last words, else by what has ended it', async () => {
    const failed = 'console.log(JSON.stringify({ error: { message: "No card.\\nmore" } })); process.exit(3)';
    expect(whyFailed(await run(failed))).toBe('No card.');
    expect(whyFailed(await run('console.error("a\\nNo module"); process.exit(1)'))).toBe('No module');
    expect(whyFailed(await run('process.exit(4)'))).toBe('it ended with the exit status 4');
    expect(whyFailed(await run('console.error("CUDA"); process.kill(process.pid, "SIGKILL")'))).toBe(
      'CUDA; ended by SIGKILL',
    );
    const missing = await runToEnd('/nowhere/python', [], { cwd: '/', env: {} });
    expect([missing.status, whyFailed(missing)]).toEqual([null, 'spawn /nowhere/python ENOENT']);
  });

  it('that hangs is ended', async () => {
    const ended = await run('setInterval(() => undefined, 1000)', { longestMs: 50 });
    expect(ended).toMatchObject({ status: null, cut: 'it was ended after 0 minutes, ended by SIGTERM' });
  });

  it('has none of the settings of the user’s environment', () => {
    const env = { PATH: '/bin', RUNNER_STEPS_PER_CALL: '1', MNIST_EPOCHS: '9', RUNNER_CACHE_DIR: '/cache' };
    expect(withoutSettings(env)).toEqual({ PATH: '/bin', RUNNER_CACHE_DIR: '/cache' });
  });
});
