import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../../../../../runtimes/docker/gc.js';
import { toLabels, warmNamesOf, type LabelValues } from '../../../../../runtimes/docker/container/labels.js';
import { claim, giveUpClaimed } from '../../../../../runtimes/docker/warm/claim.js';
import { CLOCK } from '../../../orchestrator/specs.js';
import { fakeThings } from '../fake-things.js';

const TOKEN = '4f';
const RUN = '20260301-140509-aaaaaa';
const NAMES = warmNamesOf(TOKEN);
const labels = (over: Partial<LabelValues>): Record<string, string> =>
  toLabels({
    ...{ role: 'warm', run: '', attempt: 1, token: TOKEN, owner: `${hostname()}/1/1`, runsDir: '/runs' },
    ...{ deadline: null, ...over },
  });
/** A trainer that waits; with a run, one that the run has taken. */
const waiting = (run?: string) =>
  fakeThings({
    containers: [
      ...(run === undefined
        ? []
        : [{ Id: 'fill', Names: [`/${NAMES.fill}`], Labels: labels({ role: 'fill', run }) }]),
      { Id: 'trainer', Names: [`/${NAMES.container}`], Labels: labels({}) },
    ],
    volumes: [
      { Name: NAMES.inVolume, Labels: labels({ role: 'in' }) },
      { Name: NAMES.outVolume, Labels: labels({ role: 'out' }) },
    ],
  });
const withoutOptions = (removed: readonly string[]): string[] =>
  removed.map((entry) => entry.split(' {')[0]!);
const ALL_IN_ORDER = [
  ...['container trainer', 'container fill', `volume ${NAMES.inVolume}`, `volume ${NAMES.outVolume}`],
];

describe('claim', () => {
  it('has one winner', async () => {
    const { docker } = waiting();
    const take = () => claim(docker as never, { image: 'i', token: TOKEN, labels: labels({ role: 'fill' }) });
    expect(await Promise.all([take(), take(), take()])).toEqual([true, false, false]);
  });
});

describe('giving up what was taken', () => {
  // Were the lock gone first, another run could take a trainer that is about to be removed.
  it('removes the trainer before the lock', async () => {
    const things = waiting(RUN);
    expect(await giveUpClaimed(things.connection, { names: NAMES, token: TOKEN }, RUN)).toBe(true);
    expect(withoutOptions(things.removed)).toEqual(ALL_IN_ORDER);
  });

  it.each([
    ['another run has taken it', '20260301-140509-bbbbbb'],
    ['it still waits', undefined],
  ])('removes nothing where %s', async (_what, run) => {
    const things = waiting(run);
    expect(await giveUpClaimed(things.connection, { names: NAMES, token: TOKEN }, RUN)).toBe(false);
    expect(things.removed).toEqual([]);
  });
});

describe('runner gc', () => {
  const clear = (things: ReturnType<typeof waiting>) =>
    collectGarbage(things.connection, {
      ...{ dryRun: false, clock: CLOCK, signal: new AbortController().signal },
      lookUp: () => Promise.resolve('ended'),
      isAlive: () => false,
    });

  it('removes a trainer that an ended run had taken before its lock', async () => {
    const things = waiting(RUN);
    await clear(things);
    expect(withoutOptions(things.removed)).toEqual(ALL_IN_ORDER);
  });

  it('takes a trainer that waits before it removes it', async () => {
    const things = waiting();
    await clear(things);
    expect(withoutOptions(things.removed)).toEqual(
      ALL_IN_ORDER.map((entry) => (entry === 'container fill' ? `container ${NAMES.fill}` : entry)),
    );
    expect(things.left()).toEqual([]);
  });
});
