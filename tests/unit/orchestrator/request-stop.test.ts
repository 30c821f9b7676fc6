import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { requestStop } from '../../../src/orchestrator/request-stop.js';
import { compileProgram, untilPrinted } from '../common/run-program.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { outcomeOf, readJson, RUN_ID, storeRun } from './stored-runs.js';

const compileOwner = () => compileProgram('programs/own-run.ts', import.meta.url);

afterEach(() => vi.restoreAllMocks());

describe('asking a run to stop', () => {
  it('asks the process that it belongs to, which ends in its own way', async () => {
    using directory = temporaryDirectory();
    using program = compileOwner();
    const run = storeRun(directory.path, { owner: 'none' });
    const owner = program.run([run.runDir]);
    await untilPrinted(owner, /ready/);
    expect(await requestStop(run)).toBe('asked');
    expect(await owner.ended).toEqual({
      code: 130,
      signal: null,
      stdout: 'ready\nasked to end\n',
      stderr: '',
    });
    expect(await requestStop(run)).toBe('abandoned');
  });

  it('may be done again while it ends', async () => {
    using directory = temporaryDirectory();
    using program = compileOwner();
    const run = storeRun(directory.path, { owner: 'none' });
    const owner = program.run([run.runDir, 'deaf']);
    await untilPrinted(owner, /ready/);
    for (let time = 0; time < 2; time += 1) {
      const asked = untilPrinted(owner, /asked to end/);
      expect(await requestStop(run)).toBe('asked');
      await asked;
    }
  });

  it('that has ended asks nobody, though its process is at another run by now', async () => {
    using directory = temporaryDirectory();
    const kill = vi.spyOn(process, 'kill');
    const run = storeRun(directory.path, { owner: 'this', files: { 'outcome.json': outcomeOf() } });
    expect(await requestStop(run)).toBe('ended');
    expect(kill).not.toHaveBeenCalled();
  });

  it.each(['dead', 'none'] as const)('whose process is %s asks nobody', async (owner) => {
    using directory = temporaryDirectory();
    const signals = vi.spyOn(process, 'kill');
    expect(await requestStop(storeRun(directory.path, { owner }))).toBe('abandoned');
    expect(signals.mock.calls.filter(([, signal]) => signal !== 0)).toEqual([]);
  });

  it('asks no later process of the same number', async (test) => {
    using directory = temporaryDirectory();
    using program = compileOwner();
    const run = storeRun(directory.path, { owner: 'none' });
    const owner = program.run([run.runDir]);
    await untilPrinted(owner, /ready/);
    const record = readJson(run, 'owner.json') as { startTimeTicks: number | null };
    test.skip(record.startTimeTicks === null, 'this system has no /proc');
    const earlier = { ...record, startTimeTicks: Number(record.startTimeTicks) - 1 };
    writeFileSync(join(run.runDir, 'owner.json'), JSON.stringify(earlier));
    expect(await requestStop(run)).toBe('abandoned');
    owner.child.kill('SIGTERM');
    await once(owner.child, 'exit');
    expect(await owner.ended).toMatchObject({ signal: 'SIGTERM', stdout: 'ready\n' });
  });

  it('of another host says where to stop it', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { owner: 'elsewhere' });
    await expect(requestStop(run)).rejects.toMatchObject({
      code: 'run-busy',
      message: `Run ${RUN_ID} belongs to a process on not-${hostname()}.`,
      hint: `Stop it there: \`runner runs stop ${RUN_ID}\` on not-${hostname()}.`,
    });
  });

  it('of another user says so', async () => {
    using directory = temporaryDirectory();
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    });
    await expect(requestStop(storeRun(directory.path, { owner: 'this' }))).rejects.toMatchObject({
      code: 'run-busy',
      message: `Process ${process.pid} of run ${RUN_ID} may not be asked to end.`,
      hint: 'Stop it as the user that it belongs to.',
    });
  });

  it.each([
    ['ended', true],
    ['abandoned', false],
  ])('whose process ends just now has %s', async (told, hasOutcome) => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { owner: 'this' });
    vi.spyOn(process, 'kill').mockImplementation(() => {
      if (hasOutcome) writeFileSync(join(run.runDir, 'outcome.json'), JSON.stringify(outcomeOf()));
      throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
    });
    expect(await requestStop(run)).toBe(told);
  });

  it('that cannot be read asks nobody', async () => {
    using directory = temporaryDirectory();
    const kill = vi.spyOn(process, 'kill');
    const run = storeRun(directory.path, { owner: 'this' });
    rmSync(join(run.runDir, 'spec.json'));
    await expect(requestStop(run)).rejects.toMatchObject({ code: 'run-corrupt' });
    expect(kill).not.toHaveBeenCalled();
  });
});
