import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../../../../runtimes/docker/gc.js';
import { toLabels, warmNamesOf, type LabelValues } from '../../../../runtimes/docker/container/labels.js';
import type { GarbageOptions, RunKnowledge } from '../../../../src/isolation/garbage.js';
import { CLOCK, NOW } from '../../orchestrator/specs.js';
import { fakeThings, statusError, type FakeContainer, type FakeVolume } from './fake-things.js';

const RUN = '20260301-140509-aaaaaa';
const OWNER = `${hostname()}/4711/99`;
const VALUES: LabelValues = {
  ...{ role: 'trainer', run: RUN, attempt: 1, token: 't', owner: OWNER, runsDir: '/runs', deadline: null },
};
const labels = (over: Partial<LabelValues> = {}) => toLabels({ ...VALUES, ...over });
const container = (over: Partial<LabelValues> = {}, more: Partial<FakeContainer> = {}): FakeContainer => ({
  ...{ Id: 'c1', Names: [`/runner-${RUN}-1`], Labels: labels(over) },
  ...more,
});
const volume = (
  Name: string,
  over: Partial<LabelValues> = {},
  more: Partial<FakeVolume> = {},
): FakeVolume => ({
  ...{ Name, Labels: labels({ role: 'in', ...over }) },
  ...more,
});

interface Given extends Partial<Omit<GarbageOptions, 'lookUp' | 'isAlive'>> {
  readonly known?: RunKnowledge;
  readonly alive?: boolean;
}

/** What is found, what was asked on the way. */
async function clear(
  { connection }: ReturnType<typeof fakeThings>,
  { known = 'ended', alive = false, dryRun = false, ...rest }: Given = {},
) {
  const asked: unknown[] = [];
  const found = await collectGarbage(connection, {
    ...{ dryRun, clock: CLOCK, signal: new AbortController().signal, ...rest },
    lookUp: (run) => {
      asked.push(run);
      return Promise.resolve(known);
    },
    isAlive: (owner) => {
      asked.push(owner);
      return alive;
    },
  });
  return { asked, found: found.map(({ name, verdict, why }) => ({ name, verdict, why })) };
}

const NAME = `runner-${RUN}-1`;
const LOOKED = [OWNER, { runId: RUN, runDir: `/runs/${RUN}` }];

describe('what has been left on a daemon', () => {
  const cases: readonly [
    what: string,
    over: Partial<LabelValues>,
    given: Given,
    verdict: string,
    why: string,
    asked: unknown[],
  ][] = [
    ['its run has ended', {}, { known: 'ended' }, 'removed', 'its run has ended', LOOKED],
    ['its run was removed', {}, { known: 'gone' }, 'removed', 'its run was removed', LOOKED],
    [
      'its run can be finished',
      ...([{}, { known: 'recoverable' }, 'kept', 'its run can be finished: `runner recover`'] as const),
      LOOKED,
    ],
    [
      'its run is another process’s by now',
      ...([{}, { known: 'owned' }, 'kept', 'its run is in the hands of a process that lives'] as const),
      LOOKED,
    ],
    [
      'the process that made it lives',
      ...([{}, { alive: true, known: 'gone' }, 'kept', 'the process that made it lives'] as const),
      [OWNER],
    ],
    [
      'it is another host’s',
      ...([
        { owner: 'elsewhere/4711/99' },
        { known: 'gone' },
        'kept',
        'it belongs to a process on elsewhere',
      ] as const),
      [],
    ],
    [
      'it is another host’s and its deadline is over',
      ...([{ owner: 'elsewhere/1/1', deadline: NOW - 1 }, {}, 'removed', 'its deadline is over'] as const),
      [],
    ],
    [
      'its deadline is now',
      ...([
        { owner: 'elsewhere/1/1', deadline: NOW },
        {},
        'kept',
        'it belongs to a process on elsewhere',
      ] as const),
      [],
    ],
    [
      'it was kept warm by a process that lives',
      ...([{ role: 'in', run: '' }, { alive: true }, 'kept', 'the process that made it lives'] as const),
      [OWNER],
    ],
    [
      'it was kept warm by a process that is dead',
      ...([{ role: 'in', run: '' }, {}, 'removed', 'the process that made it is dead'] as const),
      [OWNER],
    ],
  ];
  it.each(cases)('%s', async (_what, over, given, verdict, why, asked) => {
    const things = fakeThings({ containers: [container(over)] });
    expect(await clear(things, given)).toEqual({ asked, found: [{ name: NAME, verdict, why }] });
    expect(things.left()).toEqual(verdict === 'removed' ? [] : ['c1']);
  });

  it('goes with force, with what it has made itself, and containers before volumes', async () => {
    const things = fakeThings({
      containers: [container({ role: 'fill' }, { Id: 'c2', Names: ['/fill'] }), container()],
      volumes: [volume('in'), volume('out', { role: 'out' })],
    });
    const { found } = await clear(things);
    expect(found.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      ...[`${NAME} removed`, 'fill removed', 'in removed', 'out removed'],
    ]);
    expect(things.removed).toEqual([
      'container c1 {"force":true,"v":true}',
      'container c2 {"force":true,"v":true}',
      ...['volume in', 'volume out'],
    ]);
  });

  it('of runs of another directory is left alone, and not even told of, where one is named', async () => {
    const things = fakeThings({
      containers: [container(), container({ runsDir: '/others' }, { Id: 'c2', Names: ['/theirs'] })],
      volumes: [],
    });
    expect((await clear(things, { runsDir: '/others' })).found.map(({ name }) => name)).toEqual(['theirs']);
  });

  it('is told of whom it was', async () => {
    const { connection } = fakeThings({ containers: [container()], volumes: [volume('in')] });
    const found = await collectGarbage(connection, {
      ...{ dryRun: true, clock: CLOCK, signal: new AbortController().signal, isAlive: () => false },
      lookUp: () => Promise.resolve('gone'),
    });
    const common = { run: RUN, owner: OWNER, why: 'its run was removed', verdict: 'would-remove' };
    expect(found).toEqual([
      { kind: 'container', name: NAME, role: 'trainer', ...common },
      { kind: 'volume', name: 'in', role: 'in', ...common },
    ]);
  });

  it('without a name is called by its id', async () => {
    for (const Names of [null, []]) {
      const { found } = await clear(fakeThings({ containers: [container({}, { Names })] }));
      expect(found).toEqual([{ name: 'c1', verdict: 'removed', why: 'its run has ended' }]);
    }
  });
});

describe('a look without removing', () => {
  it('says what would go and what would stay, and removes nothing', async () => {
    const things = fakeThings({
      containers: [container(), container({ owner: 'elsewhere/1/1' }, { Id: 'c2', Names: ['/other'] })],
      volumes: [volume('in')],
    });
    const { found } = await clear(things, { dryRun: true });
    expect(found).toEqual([
      { name: NAME, verdict: 'would-remove', why: 'its run has ended' },
      { name: 'other', verdict: 'kept', why: 'it belongs to a process on elsewhere' },
      { name: 'in', verdict: 'would-remove', why: 'its run has ended' },
    ]);
    expect(things.removed).toEqual([]);
    expect(things.left()).toEqual(['c1', 'c2', 'in']);
  });

  it('takes no trainer that waits, either', async () => {
    const Labels = labels({ role: 'warm', run: '', token: 'w' });
    const things = fakeThings({ containers: [container({}, { Labels, Names: ['/runner-warm-w'] })] });
    const { found } = await clear(things, { dryRun: true });
    expect(found).toEqual([
      { name: 'runner-warm-w', verdict: 'would-remove', why: 'the process that made it is dead' },
    ]);
    expect(things.left()).toEqual(['c1']);
  });
});

describe('what is not ours, or not to be had', () => {
  it('is not touched: foreign, of another version, or labelled by somebody who knows no better', async () => {
    const foreign: FakeContainer[] = [
      { Id: 'f1', Names: ['/postgres'], Labels: null },
      { Id: 'f2', Names: [`/${NAME}`], Labels: { 'com.example': '1' } },
      { Id: 'f3', Names: ['/x'], Labels: { 'runner.managed': '1' } },
      { Id: 'f4', Names: ['/x'], Labels: { ...labels(), 'runner.schema': '2' } },
      { Id: 'f5', Names: ['/x'], Labels: { ...labels(), 'runner.token': '' } },
      { Id: 'f6', Names: ['/x'], Labels: { ...labels(), 'runner.role': 'database' } },
      { Id: 'f7', Names: ['/x'], Labels: { ...labels(), 'runner.deadline': 'soon' } },
      { Id: 'f8', Names: ['/x'], Labels: { ...labels(), 'runner.managed': '0' } },
    ];
    const things = fakeThings({ containers: foreign, volumes: [{ Name: 'data', Labels: null }] });
    expect(await clear(things)).toEqual({ asked: [], found: [] });
    expect(things.left()).toEqual(['f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8', 'data']);
  });

  it('is kept while it is in use', async () => {
    const things = fakeThings({ volumes: [volume('in', {}, { refuses: 409 })] });
    const { found } = await clear(things);
    expect(found).toEqual([{ name: 'in', verdict: 'kept', why: 'its run has ended, but it is in use' }]);
  });

  it('is gone if somebody else has just removed it', async () => {
    const things = fakeThings({ volumes: [volume('in', {}, { refuses: 404 })] });
    const { found } = await clear(things);
    expect(found).toEqual([{ name: 'in', verdict: 'removed', why: 'its run has ended' }]);
  });

  it('ends it if the daemon fails', async () => {
    const things = fakeThings({ volumes: [volume('in', {}, { refuses: 500 })] });
    await expect(clear(things)).rejects.toMatchObject({
      code: 'daemon-failed',
      message: expect.stringMatching(/^The Docker daemon at unix:\/\/\/x .*: no \(HTTP 500\)\.$/) as string,
    });
  });

  it('on a daemon that has nothing is nothing', async () => {
    expect(await clear(fakeThings({ volumes: null }))).toEqual({ asked: [], found: [] });
  });

  it('is left where it is once it is told to end', async () => {
    const reason = new Error('SIGINT');
    const things = fakeThings({ volumes: [volume('in')] });
    things.docker.listContainers = () => Promise.reject(statusError(500));
    await expect(clear(things, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(things.removed).toEqual([]);
  });
});

describe('a trainer that waits', () => {
  const { container: name, fill, inVolume } = warmNamesOf('w');
  const warm = (): FakeContainer => ({
    ...{ Id: 'w1', Names: [`/${name}`], Labels: labels({ role: 'warm', run: '', token: 'w' }) },
  });
  const given = volume(inVolume, { run: '', token: 'w' });

  it('whose process is dead is taken first, as a run would, and goes with all that is its', async () => {
    const things = fakeThings({ containers: [warm()], volumes: [given] });
    const { found } = await clear(things);
    expect(found.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      ...[`${name} removed`, `${inVolume} removed`],
    ]);
    expect(things.left()).toEqual([]);
  });

  it('that a run has taken is the run’s', async () => {
    const taken = container({ role: 'fill', token: 'w' }, { Id: 'w2', Names: [`/${fill}`] });
    for (const [known, verdict] of [
      ['recoverable', 'kept'],
      ['ended', 'removed'],
    ] as const) {
      const things = fakeThings({ containers: [warm(), taken], volumes: [given] });
      const { found } = await clear(things, { known });
      expect(found.map((thing) => thing.verdict)).toEqual([verdict, verdict, verdict]);
      expect(things.left()).toEqual(verdict === 'kept' ? ['w1', 'w2', inVolume] : []);
    }
  });

  it('that a run takes just now is left to it', async () => {
    const things = fakeThings({ containers: [warm()] });
    things.docker.createContainer = () => Promise.reject(statusError(409));
    const { found } = await clear(things);
    expect(found).toEqual([
      { name, verdict: 'kept', why: 'the process that made it is dead, but it is in use' },
    ]);
    expect(things.left()).toEqual(['w1']);
  });
});
