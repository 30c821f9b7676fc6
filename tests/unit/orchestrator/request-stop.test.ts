import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RunnerError } from '../../../src/contract/errors.js';
import { thisProcess } from '../../../src/orchestrator/owner.js';
import { requestStop } from '../../../src/orchestrator/request-stop.js';
import { heedStopFile } from '../../../src/orchestrator/stop-file.js';
import { compileProgram, untilPrinted } from '../common/run-program.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { CLOCK, NOW } from './specs.js';
import { outcomeOf, readJson, storeRun } from './stored-runs.js';

const compileOwner = () => compileProgram('programs/own-run.ts', import.meta.url);

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('asking a run to stop', () => {
  it('reaches the process that it belongs to, which ends in its own way', async () => {
    using directory = temporaryDirectory();
    using program = compileOwner();
    const run = storeRun(directory.path, { owner: 'none' });
    const owner = program.run([run.runDir]);
    await untilPrinted(owner, /ready/);
    expect(await requestStop(run, CLOCK)).toEqual({ over: false });
    expect(await owner.ended).toEqual({
      code: 0,
      signal: null,
      stdout: 'ready\nasked to end\n',
      stderr: '',
    });
  });

  it('again changes nothing: the first has said who asked, and when, and nobody gets a signal', async () => {
    using directory = temporaryDirectory();
    const kill = vi.spyOn(process, 'kill');
    const run = storeRun(directory.path, { owner: 'this' });
    expect(await requestStop(run, CLOCK)).toEqual({ over: false });
    expect(await requestStop(run, { ...CLOCK, now: () => NOW + 9000 })).toEqual({ over: false });
    expect(readJson(run, 'stop.json')).toEqual({ askedAt: NOW, by: thisProcess() });
    expect(kill.mock.calls.filter(([, signal]) => signal !== 0)).toEqual([]);
  });

  it.each([
    ['that has ended asks nobody', 'succeeded', 'docker', true],
    ['that was lost with its process asks nobody', 'lost', 'inprocess', true],
    ['that was lost sight of is left to who finds it again', 'lost', 'docker', false],
  ] as const)('%s', async (_what, status, mode, over) => {
    using directory = temporaryDirectory();
    const files = { 'outcome.json': outcomeOf({ status, mode }) };
    const run = storeRun(directory.path, { mode, files });
    expect(await requestStop(run, CLOCK)).toEqual({ over });
    expect(existsSync(join(run.runDir, 'stop.json'))).toBe(!over);
  });

  it('of another host reaches that as well, and names it', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { owner: 'elsewhere' });
    expect(await requestStop(run, CLOCK)).toEqual({ over: false, elsewhere: `not-${hostname()}` });
    expect(readdirSync(run.runDir)).toContain('stop.json');
  });

  it('that cannot be read asks nobody', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { owner: 'this' });
    rmSync(join(run.runDir, 'spec.json'));
    await expect(requestStop(run, CLOCK)).rejects.toMatchObject({ code: 'run-corrupt' });
    expect(readdirSync(run.runDir)).toEqual(['owner.json']);
  });

  it('whose directory may not be written says so', async (test) => {
    test.skip(process.getuid?.() === 0, 'root may write anywhere');
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    chmodSync(run.runDir, 0o500);
    const asking = requestStop(run, CLOCK).finally(() => chmodSync(run.runDir, 0o700));
    await expect(asking).rejects.toMatchObject({ code: 'file-unusable' });
  });
});

describe('the process of several runs', () => {
  it('stops the one that is asked for, and no other', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    using directory = temporaryDirectory();
    const [one, other] = ['one', 'other'].map((name) => join(directory.path, name)) as [string, string];
    for (const runDir of [one, other]) mkdirSync(runDir);
    {
      const { signal } = new AbortController();
      using asked = await heedStopFile(one, signal);
      using left = await heedStopFile(other, signal);
      expect([asked.signal.aborted, left.signal.aborted]).toEqual([false, false]);
      writeFileSync(join(one, 'stop.json'), '');
      const aborted = once(asked.signal, 'abort');
      vi.advanceTimersByTime(500);
      await aborted;
      expect(asked.signal.reason).toEqual(new RunnerError('interrupted', 'Stopped by `runner runs stop`.'));
      expect([signal.aborted, left.signal.aborted]).toEqual([false, false]);
      await vi.waitUntil(() => vi.getTimerCount() === 1, 15_000);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops all at its own signal', async () => {
    using directory = temporaryDirectory();
    const controller = new AbortController();
    using heeded = await heedStopFile(directory.path, controller.signal);
    controller.abort('SIGINT');
    expect(heeded.signal.reason).toBe('SIGINT');
  });

  it('takes a run that was asked to stop before as cancelled from the start', async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, 'stop.json'), '');
    using heeded = await heedStopFile(directory.path, new AbortController().signal);
    expect(heeded.signal.aborted).toBe(true);
  });
});
