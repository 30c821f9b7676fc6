import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Runtime } from '../../../src/contract/runtime.js';
import { claimKey, findRunOfKey } from '../../../src/orchestrator/keyed-run.js';
import { runJob } from '../../../src/orchestrator/run-job.js';
import { deleteRun } from '../../../src/orchestrator/runs-directory.js';
import { compileProgram, untilPrinted } from '../common/run-program.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { CLOCK, NOW, SPEC } from './specs.js';
import { storeRun } from './stored-runs.js';

const [FIRST, SECOND] = ['20260301-140509-aaaaaa', '20260301-140509-bbbbbb'];

describe('a key', () => {
  it('belongs to the run that claimed it first, however often it is claimed again', async () => {
    using directory = temporaryDirectory();
    const [first, second] = [FIRST, SECOND].map((runId) => storeRun(directory.path, { runId }));
    expect(await findRunOfKey(directory.path, 'task 7')).toBeUndefined();
    expect(await claimKey(directory.path, 'task 7', first!)).toBe(true);
    expect(await claimKey(directory.path, 'task 7', second!)).toBe(false);
    expect(await claimKey(directory.path, 'task 7', first!)).toBe(true);
    expect(await findRunOfKey(directory.path, 'task 7')).toEqual(first);
    expect(readdirSync(join(directory.path, '.keys'))).toHaveLength(1);
  });

  it('may be any text, and is told from every other', async () => {
    using directory = temporaryDirectory();
    const keys = ['../../etc', 'a/b', 'a', 'A', ' a', '\u0000', 'ü', 'x'.repeat(200)];
    for (const [index, key] of keys.entries()) {
      const run = storeRun(directory.path, { runId: `20260301-140509-00000${index}` });
      expect(await claimKey(directory.path, key, run)).toBe(true);
    }
    const found = await Promise.all(keys.map((key) => findRunOfKey(directory.path, key)));
    expect(found.map((run) => run?.runId.at(-1))).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  it('is free again once its run is removed, and goes to one only', async () => {
    using directory = temporaryDirectory();
    const first = storeRun(directory.path, { runId: FIRST });
    await claimKey(directory.path, 'task', first);
    await deleteRun(first);
    expect(await findRunOfKey(directory.path, 'task')).toBeUndefined();
    const second = storeRun(directory.path, { runId: SECOND });
    const third = storeRun(directory.path, { runId: '20260301-140509-cccccc' });
    expect(await claimKey(directory.path, 'task', second)).toBe(true);
    expect(await claimKey(directory.path, 'task', third)).toBe(false);
    expect(await findRunOfKey(directory.path, 'task')).toEqual(second);
  });

  it('goes to one of two that take the place of a run at once', async () => {
    using directory = temporaryDirectory();
    const first = storeRun(directory.path, { runId: FIRST });
    await claimKey(directory.path, 'task', first);
    const others = [SECOND, '20260301-140509-cccccc', '20260301-140509-dddddd'].map((runId) =>
      storeRun(directory.path, { runId }),
    );
    const took = await Promise.all(others.map((run) => claimKey(directory.path, 'task', run, first.runId)));
    expect(took.filter(Boolean)).toHaveLength(1);
    expect(await findRunOfKey(directory.path, 'task')).toEqual(others[took.indexOf(true)]);
    // The place is taken: who still believes it to be the first one's gets nothing.
    expect(await claimKey(directory.path, 'task', others[took.indexOf(false)]!, first.runId)).toBe(false);
    // Nor does a draft of those that came too late stay behind.
    expect(readdirSync(join(directory.path, '.keys')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('that cannot be read is not given away', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { runId: FIRST });
    await claimKey(directory.path, 'task', run);
    const [name = ''] = readdirSync(join(directory.path, '.keys'));
    for (const nonsense of ['', '{}', '{"runId":"../../../etc"}']) {
      writeFileSync(join(directory.path, '.keys', name, 'run.json'), nonsense);
      const corrupt = {
        code: 'run-corrupt',
        message: expect.stringMatching(/run\.json (is no JSON|does not fit its schema): /) as string,
      };
      await expect(claimKey(directory.path, 'task', run)).rejects.toMatchObject(corrupt);
      await expect(findRunOfKey(directory.path, 'task')).rejects.toMatchObject(corrupt);
    }
    expect(readdirSync(join(directory.path, '.keys'))).toEqual([name]);
  });

  it('goes to one of two processes, and to one again each time that its run is removed', async () => {
    using directory = temporaryDirectory();
    using program = compileProgram('programs/claim-key.ts', import.meta.url);
    const claimers = [program.run([directory.path]), program.run([directory.path])];
    await Promise.all(claimers.map((one) => untilPrinted(one, /ready/)));
    const keys = Array.from({ length: 25 }, (_, index) => `key ${index}\n`).join('');
    const holders = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const through = claimers.map((one) => untilPrinted(one, /(?:.* (?:true|false)\n){25}/));
      for (const { child } of claimers) child.stdin.write(keys);
      const said = (await Promise.all(through)).map((text) => text.trimEnd().split('\n'));
      for (let index = 0; index < 25; index += 1) {
        const both = said.map((lines) => lines[index]!.split(' '));
        expect(both.map(([, got]) => got).sort()).toEqual(['false', 'true']);
        const [runId = ''] = both.find(([, got]) => got === 'true') ?? [];
        const runDir = join(directory.path, runId);
        expect(await findRunOfKey(directory.path, `key ${index}`)).toEqual({ runId, runDir });
        holders.add(runId);
        // The next round claims what is free again.
        rmSync(runDir, { recursive: true });
      }
    }
    expect(holders.size).toBe(100);
    const left = readdirSync(join(directory.path, '.keys'));
    expect(left.filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a run with a key', () => {
  const train: Runtime['run'] = () => Promise.reject(new Error('to be kept short'));
  const job = (runsDir: string, run = train) =>
    runJob(
      {
        ...{ spec: SPEC, runsDir, evaluate: true, key: 'task', signal: new AbortController().signal },
        onEvent: () => undefined,
      },
      {
        ...{ runtime: { mode: 'inprocess', run }, clock: CLOCK },
        meter: () => ({ wallMs: 0, cpuSeconds: 0, peakRssBytes: 0 }),
      },
    );

  it('is found by it, and has kept it for a successor', async () => {
    using directory = temporaryDirectory();
    const { runId, runDir } = await job(directory.path);
    expect(await findRunOfKey(directory.path, 'task')).toEqual({ runId, runDir });
    expect(JSON.parse(readFileSync(join(runDir, 'request.json'), 'utf8'))).toEqual({
      ...{ evaluate: true, startedAt: NOW, key: 'task' },
    });
  });

  it('that another has got first is refused, and leaves nothing', async () => {
    using directory = temporaryDirectory();
    const { runId } = await job(directory.path);
    let trained = false;
    const second = job(directory.path, () => {
      trained = true;
      return Promise.reject(new Error('trained twice'));
    });
    await expect(second).rejects.toMatchObject({
      code: 'run-busy',
      message: 'Another process has just begun the run of key "task".',
    });
    expect(trained).toBe(false);
    expect(readdirSync(directory.path).sort()).toEqual(['.keys', runId]);
  });

  it('whose key cannot be written leaves nothing either', async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, '.keys'), 'a file');
    await expect(job(directory.path)).rejects.toMatchObject({
      code: 'runs-dir-unwritable',
      message: expect.stringMatching(/^The runs directory .* cannot be written: (ENOTDIR|EEXIST)/) as string,
    });
    expect(readdirSync(directory.path)).toEqual(['.keys']);
  });
});
