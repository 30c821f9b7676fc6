/** `runner gc` on a real daemon: what it removes, and above all what it does not. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { LABELS, namesOf, toLabels, warmNamesOf } from '../../runtimes/docker/container/labels.js';
import type { AttemptNames, LabelValues } from '../../runtimes/docker/container/labels.js';
import { collectGarbage } from '../../runtimes/docker/gc.js';
import { IN_IMAGE } from '../../runtimes/docker/image/names.js';
import { systemClock } from '../../src/common/clock.js';
import type { Garbage } from '../../src/contract/garbage.js';
import { lookUpRun } from '../../src/orchestrator/knowledge.js';
import { isLabelledOwnerAlive, ownerLabel } from '../../src/orchestrator/owner.js';
import { docker, expectNoLeftovers, hasDaemon } from '../support/docker.js';
import { DEAD, outcomeOf, storeRun } from '../unit/orchestrator/stored-runs.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { testConnection, testImage } from './support/image.js';

const DEAD_OWNER = `${hostname()}/${DEAD.pid}/1`;
let image: string;
beforeAll(async () => {
  if (hasDaemon()) image = (await testImage()).id;
});

let folder: ReturnType<typeof temporaryDirectory>;
let runsDir: string;
beforeEach(() => {
  folder = temporaryDirectory();
  runsDir = mkdtempSync(join(folder.path, 'runs-'));
});
afterEach(async () => {
  folder[Symbol.dispose]();
  await removeAll();
});
afterAll(async () => {
  if (hasDaemon()) await expectNoLeftovers();
});

/** Every name of this file's things begins so. */
const isOfTest = (name: string): boolean => /^(runner|stranger)-/.test(name);

async function everything(): Promise<string[]> {
  const client = await docker();
  const containers = await client.listContainers({ all: true });
  const { Volumes: volumes } = await client.listVolumes();
  return [...containers.map(({ Names }) => Names[0]!.slice(1)), ...volumes.map(({ Name }) => Name)]
    .filter(isOfTest)
    .sort();
}

async function removeAll(): Promise<void> {
  if (!hasDaemon()) return;
  const client = await docker();
  for (const { Id, Names } of await client.listContainers({ all: true })) {
    if (isOfTest(Names[0]!.slice(1))) await client.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { Name } of (await client.listVolumes()).Volumes) {
    if (isOfTest(Name)) await client.getVolume(Name).remove();
  }
}

/** What an attempt of a run has on the daemon, but that its container only sleeps. */
async function make(
  names: AttemptNames,
  labels: Omit<LabelValues, 'role'>,
  role: 'trainer' | 'warm' = 'trainer',
) {
  const client = await docker();
  await client.createVolume({ Name: names.inVolume, Labels: toLabels({ ...labels, role: 'in' }) });
  await client.createVolume({ Name: names.outVolume, Labels: toLabels({ ...labels, role: 'out' }) });
  const container = await client.createContainer({
    ...{
      name: names.container,
      Image: image,
      Entrypoint: [IN_IMAGE.node, '-e', 'setInterval(() => {}, 1000)'],
    },
    Labels: toLabels({ ...labels, role }),
    HostConfig: {
      ...{ NetworkMode: 'none', Init: true },
      Mounts: [{ Type: 'volume', Source: names.outVolume, Target: '/out' }],
    },
  });
  await container.start();
}

const fill = async (names: AttemptNames, labels: Omit<LabelValues, 'role'>): Promise<void> => {
  const Labels = toLabels({ ...labels, role: 'fill' });
  await (await docker()).createContainer({ name: names.fill, Image: image, Labels });
};

let made = 0;
const newId = (): string => `20260101-000000-${String((made += 1)).padStart(6, '0')}`;
/** Labels of a run that a dead process has left. */
const labelsOf = (run: string, over: Partial<LabelValues> = {}): Omit<LabelValues, 'role'> => ({
  ...{ run, attempt: 1, token: randomBytes(16).toString('hex'), owner: DEAD_OWNER },
  ...{ runsDir, deadline: null },
  ...over,
});

/** Makes the things of a run. @returns their names */
async function leave(run: string, over: Partial<LabelValues> = {}): Promise<string[]> {
  const names = namesOf(run, 1);
  await make(names, labelsOf(run, over));
  return [names.container, names.inVolume, names.outVolume];
}

const collect = async (dryRun: boolean): Promise<readonly Garbage[]> =>
  collectGarbage(await testConnection(), {
    ...{ dryRun, clock: systemClock, signal: new AbortController().signal },
    ...{ lookUp: lookUpRun, isAlive: isLabelledOwnerAlive },
  });
const namesWith = (verdict: Garbage['verdict'], found: readonly Garbage[]): string[] =>
  found.filter((thing) => thing.verdict === verdict).map(({ name }) => name);
const whyOf = (name: string, found: readonly Garbage[]): string =>
  found.find((thing) => thing.name === name)!.why;

it('removes what nobody comes back for, and keeps what somebody may', async () => {
  const [ended, gone, late, unfinished, lost, owned, living, elsewhere] = Array.from({ length: 8 }, newId);
  storeRun(runsDir, { runId: ended!, files: { 'outcome.json': outcomeOf({ runId: ended! }) } });
  storeRun(runsDir, { runId: unfinished! });
  storeRun(runsDir, { runId: lost!, files: { 'outcome.json': outcomeOf({ runId: lost!, status: 'lost' }) } });
  storeRun(runsDir, { runId: owned!, owner: 'this' });
  storeRun(runsDir, { runId: living! });
  const garbage = [
    ...(await leave(ended!)),
    ...(await leave(gone!)),
    ...(await leave(late!, { owner: 'another-host/1/1', deadline: Date.now() - 1 })),
  ];
  const kept = [
    ...(await leave(unfinished!)),
    ...(await leave(lost!)),
    ...(await leave(owned!)),
    ...(await leave(living!, { owner: ownerLabel(), deadline: Date.now() - 1 })),
    ...(await leave(elsewhere!, { owner: 'another-host/1/1' })),
  ];
  const before = await everything();

  const dry = await collect(true);
  expect(namesWith('would-remove', dry).sort()).toEqual([...garbage].sort());
  expect(namesWith('kept', dry).sort()).toEqual([...kept].sort());
  expect(await everything()).toEqual(before);

  const real = await collect(false);
  expect(namesWith('removed', real).sort()).toEqual([...garbage].sort());
  expect(namesWith('kept', real).sort()).toEqual([...kept].sort());
  expect(await everything()).toEqual([...kept].sort());
  const why = (run: string): string => whyOf(namesOf(run, 1).container, real);
  expect([ended, gone, late, unfinished, lost, owned, living, elsewhere].map((run) => why(run!))).toEqual([
    ...['its run has ended', 'its run was removed', 'its deadline is over'],
    ...Array.from({ length: 2 }, () => 'its run can be finished: `runner recover`'),
    'its run is in the hands of a process that lives',
    ...['the process that made it lives', 'it belongs to a process on another-host'],
  ]);
  expect(namesWith('removed', await collect(false))).toEqual([]);
});

it("never touches a stranger's thing, however much it looks like ours", async () => {
  const client = await docker();
  const Labels = (labels: Record<string, string>): Record<string, string> => labels;
  const ours = toLabels({ ...labelsOf(newId()), role: 'trainer' });
  const looks: Record<string, Record<string, string>> = {
    // The name of a run that is gone.
    [namesOf(newId(), 1).container]: Labels({}),
    'stranger-marked': Labels({ [LABELS.managed]: '1' }),
    'stranger-of-a-later-version': Labels({ ...ours, [LABELS.schema]: '2' }),
    'stranger-of-another-role': Labels({ ...ours, [LABELS.role]: 'database' }),
    'stranger-without-a-token': Labels({ ...ours, [LABELS.token]: '' }),
    'stranger-unmanaged': Labels({ ...ours, [LABELS.managed]: '0' }),
    'stranger-image': Labels({ 'runner.managed-image': '1' }),
  };
  for (const [name, labels] of Object.entries(looks)) {
    await client.createContainer({ name, Image: image, Labels: labels });
    await client.createVolume({ Name: `${name}-data`, Labels: labels });
  }
  const before = await everything();
  expect(before).toHaveLength(2 * Object.keys(looks).length);
  expect(await collect(false)).toEqual([]);
  expect(await everything()).toEqual(before);
});

it('keeps a volume that a stranger has in use, and says so', async () => {
  const run = newId();
  const [container, inVolume, outVolume] = await leave(run);
  const client = await docker();
  await client.createContainer({
    ...{ name: 'stranger-that-looks', Image: image },
    HostConfig: { Mounts: [{ Type: 'volume', Source: outVolume!, Target: '/look' }] },
  });
  const found = await collect(false);
  expect(namesWith('removed', found).sort()).toEqual([container, inVolume].sort());
  expect(found.filter(({ verdict }) => verdict === 'kept')).toMatchObject([
    { kind: 'volume', name: outVolume, why: 'its run was removed, but it is in use' },
  ]);
});

it('removes a trainer that waits for nobody, and not one that a run has taken', async () => {
  const [run, token, other] = [newId(), 'a'.repeat(32), 'b'.repeat(32)];
  storeRun(runsDir, { runId: run });
  const waiting = { run: '', runsDir: '' };
  await make(warmNamesOf(token), labelsOf('', { ...waiting, token }), 'warm');
  await make(warmNamesOf(other), labelsOf('', { ...waiting, token: other }), 'warm');
  await fill(warmNamesOf(other), labelsOf(run, { token: other }));
  const { container, inVolume, outVolume } = warmNamesOf(token);
  const found = await collect(false);
  expect(namesWith('removed', found).sort()).toEqual([container, inVolume, outVolume].sort());
  expect(await everything()).toEqual(Object.values(warmNamesOf(other)).sort());
  expect(whyOf(warmNamesOf(other).container, found)).toBe('its run can be finished: `runner recover`');
});
