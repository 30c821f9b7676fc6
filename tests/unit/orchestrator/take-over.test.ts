import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isOwned, thisProcess } from '../../../src/orchestrator/owner.js';
import { takeOver } from '../../../src/orchestrator/take-over.js';
import { compileProgram, untilPrinted } from '../common/run-program.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { DEAD, readJson, storeRun } from './stored-runs.js';

const compileContender = () => compileProgram('programs/take-over.ts', import.meta.url);

describe('taking over a run', () => {
  it('whose process has died makes this process its owner, and leaves no draft', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    expect(await takeOver(run)).toBe(true);
    expect(readJson(run, 'owner.json')).toEqual(thisProcess());
    expect(readdirSync(run.runDir).sort()).toEqual(['.taken-1', 'owner.json', 'spec.json']);
  });

  it.each(['this', 'elsewhere'] as const)('is refused while its process lives (%s)', async (owner) => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path, { owner });
    const before = readJson(run, 'owner.json');
    expect(await takeOver(run)).toBe(false);
    expect(readJson(run, 'owner.json')).toEqual(before);
    expect(readdirSync(run.runDir).sort()).toEqual(['owner.json', 'spec.json']);
  });

  it('is refused while another process is about to, which has yet to write owner.json', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    mkdirSync(join(run.runDir, '.taken-1'));
    writeFileSync(join(run.runDir, '.taken-1/owner.json'), JSON.stringify(thisProcess()));
    expect(await takeOver(run)).toBe(false);
    expect(readdirSync(run.runDir).sort()).toEqual(['.taken-1', 'owner.json', 'spec.json']);
  });

  it('goes past those that were killed before they could write owner.json', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    for (const name of ['.taken-1', '.taken-2']) {
      mkdirSync(join(run.runDir, name));
      writeFileSync(join(run.runDir, name, 'owner.json'), JSON.stringify(DEAD));
    }
    expect(await takeOver(run)).toBe(true);
    expect(await isOwned(join(run.runDir, '.taken-3'))).toBe(true);
    expect(readJson(run, 'owner.json')).toEqual(thisProcess());
  });

  it('removes what killed processes were just writing, and nothing of those that live', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    const theirs = `.outcome.json.${process.pid}.0123abcd.tmp`;
    for (const name of [`.owner.json.${DEAD.pid}.0123abcd.tmp`, theirs, 'x.1.tmp']) {
      writeFileSync(join(run.runDir, name), '{"half');
    }
    expect(await takeOver(run)).toBe(true);
    expect(readdirSync(run.runDir).sort()).toEqual(
      [theirs, '.taken-1', 'owner.json', 'spec.json', 'x.1.tmp'].sort(),
    );
  });

  it('removes the drafts of killed processes, and of no others', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    const hex = '0123456789abcdef';
    const { pid, startTimeTicks } = thisProcess();
    const theirs = [`.taking-${hostname()}~${pid}~${startTimeTicks ?? ''}-${hex}`, `.taking-far~1~1-${hex}`];
    const dead = `.taking-${hostname()}~${DEAD.pid}~${DEAD.startTimeTicks}-${hex}`;
    for (const name of [...theirs, dead]) mkdirSync(join(run.runDir, name));
    writeFileSync(join(run.runDir, dead, 'owner.json'), '{"half');
    expect(await takeOver(run)).toBe(true);
    expect(readdirSync(run.runDir).sort()).toEqual([...theirs, '.taken-1', 'owner.json', 'spec.json'].sort());
  });

  it('that was removed says so', async () => {
    using directory = temporaryDirectory();
    const run = storeRun(directory.path);
    rmSync(run.runDir, { recursive: true });
    await expect(takeOver(run)).rejects.toMatchObject({
      code: 'run-not-found',
      message: `Run ${run.runId} is gone: somebody has removed it.`,
    });
  });
});

describe('several processes at once', () => {
  it('get each run once between them, those that a killed one had begun to take over included', async () => {
    using directory = temporaryDirectory();
    using program = compileContender();
    const runs = Array.from({ length: 60 }, (_, index) => {
      const run = storeRun(directory.path, { runId: `20260301-140509-${String(index).padStart(6, '0')}` });
      if (index % 2 === 0) return run;
      mkdirSync(join(run.runDir, '.taken-1'));
      writeFileSync(join(run.runDir, '.taken-1/owner.json'), JSON.stringify(DEAD));
      return run;
    });
    const contenders = [program.run(), program.run(), program.run()];
    await Promise.all(contenders.map((one) => untilPrinted(one, /ready/)));
    // All live until each is through: a process that has ended owns nothing.
    const through = contenders.map((one) => untilPrinted(one, /(?:(?:taken|refused)\n){60}/));
    for (const { child } of contenders) child.stdin.write(runs.map(({ runDir }) => `${runDir}\n`).join(''));
    const said = (await Promise.all(through)).map((text) => text.trimEnd().split('\n'));
    for (const index of runs.keys()) {
      expect(said.map((answers) => answers[index]).sort()).toEqual(['refused', 'refused', 'taken']);
    }
  });

  it('get it one after the other as each is killed', async () => {
    using directory = temporaryDirectory();
    using program = compileContender();
    const { runDir, ...run } = storeRun(directory.path);
    const [first, second] = [program.run(), program.run()];
    const ask = ({ child }: typeof first) => child.stdin.write(`${runDir}\n`);
    await Promise.all([first, second].map((one) => untilPrinted(one, /ready/)));
    ask(first);
    await untilPrinted(first, /taken/);
    ask(second);
    await untilPrinted(second, /refused/);
    first.child.kill('SIGKILL');
    expect(await first.ended).toMatchObject({ signal: 'SIGKILL' });
    ask(second);
    await untilPrinted(second, /taken/);
    expect(readJson({ ...run, runDir }, 'owner.json')).toMatchObject({ pid: second.child.pid });
  });
});
