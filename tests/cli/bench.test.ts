/** A bench as a user has it: real runs in processes of their own, killed in the middle and gone on with. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { runJson, startRunner } from '../support/runner.js';

let folder: string;
let runsDir: string;
let dataDir: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-bench-'));
  [runsDir, dataDir] = [join(folder, 'runs'), join(folder, 'digits')];
  mkdirSync(dataDir);
  writeMnistSubset(dataDir, { train: 400, test: 20 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly type: string;
  readonly round: number;
  readonly side: string;
  readonly runId: string | null;
}
const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));

function entries(benchDir: string): Entry[] {
  const lines = readFileSync(join(benchDir, 'log.ndjson'), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Entry);
}

const namesIn = (path: string): string[] => (existsSync(path) ? readdirSync(path) : []);
const runIds = (): string[] => namesIn(runsDir).filter((name) => !name.startsWith('.'));

/** Its folder, as soon as both warm-ups are through and the first run of its first round is there. */
async function inItsFirstRound(): Promise<string> {
  while (runIds().length < 3) await sleep(20);
  const benches = join(runsDir, '.benches');
  return join(benches, ...namesIn(benches));
}

it('killed with SIGKILL and resumed it has every run once, in the order of its plan, and one process goes on with it', async () => {
  const where = ['--runs-dir', runsDir];
  const first = startRunner([
    ...['bench', '--modes', 'inprocess,process', '--repeats', '1', '--epochs', '1', '--order-seed', '7'],
    ...['--no-early-stopping', '--data-dir', dataDir, ...where],
  ]);
  const benchDir = await inItsFirstRound();
  first.kill('SIGKILL');
  expect((await first).signal).toBe('SIGKILL');
  const interrupted = entries(benchDir).at(-1)!;

  const both = await Promise.all([1, 2].map(() => runJson(['bench', '--resume', ...where])));
  const [refused, resumed] = both.sort((a, b) => Number(a.exitCode === 0) - Number(b.exitCode === 0));
  expect(refused!.document, refused!.stderr).toMatchObject({ error: { code: 'bench-busy', exitCode: 2 } });
  expect(resumed!.exitCode, resumed!.stderr).toBe(0);
  const plan = read(benchDir, 'bench.json') as { benchId: string; rounds: string[][] };
  expect(resumed!.document).toMatchObject({
    bench: { benchId: plan.benchId, rounds: 1, plannedRounds: 1, orderSeed: 7, failed: 0, setAside: 0 },
    sides: [
      { name: 'inprocess', runs: [{ status: 'succeeded' }] },
      { name: 'process', runs: [{ status: 'succeeded' }] },
    ],
    weights: { same: true },
  });

  const keys = runIds().map((runId) => (read(runsDir, runId, 'request.json') as { key: string }).key);
  const measured = plan.rounds.flatMap((names, index) => names.map((name) => `${index + 1}/${name}`));
  const expected = ['warm-up/inprocess', 'warm-up/process', ...measured].map(
    (rest) => `${plan.benchId}/${rest}`,
  );
  expect([...keys].sort()).toEqual([...expected].sort());
  const ended = entries(benchDir).filter(({ type }) => type === 'run-ended');
  expect(ended.map(({ round, side }) => `${round === 0 ? 'warm-up' : round}/${side}`)).toEqual([
    ...['warm-up/inprocess', 'warm-up/process', ...measured],
  ]);
  // What was in flight went on in its own process, and was not begun anew.
  const kept = ended.find(({ round, side }) => round === interrupted.round && side === interrupted.side)!;
  expect(kept).toMatchObject({ verdict: 'measured', resumed: true, use: null });

  const again = await runJson(['bench', '--resume', plan.benchId, '--epochs', '2', ...where]);
  expect(again.document).toMatchObject({ error: { code: 'usage' } });
  expect((again.document.error as { message: string }).message).toContain('epochs was 1 and is 2 (--epochs)');
});
