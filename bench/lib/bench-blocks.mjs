/** One long `runner bench` of two sides, cut into comparisons of so many rounds each. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Runs a bench in a runs directory, or goes on with the one that is there, until its rounds are through or the time is up.
 * @param {object} context
 * @param {{ runsDir: string, args: readonly string[], env?: Record<string, string> }} bench
 * @returns {Promise<{ a: string, b: string }[]>} ids of the runs of each round in which both succeeded
 */
export async function runBench(context, { runsDir, args, env = {} }) {
  mkdirSync(runsDir, { recursive: true });
  const benches = join(runsDir, '.benches');
  const begun = existsSync(benches) && readdirSync(benches).length > 0;
  const what = begun ? ['--resume'] : args;
  await start(
    context,
    ['bench', ...what, '--runs-dir', runsDir, '--format', 'csv', '--output', '/dev/null'],
    env,
  );
  const [id] = readdirSync(benches);
  return wholeRounds(join(benches, id, 'log.ndjson'));
}

/** Ctrl-C when the time is up: the run in flight is set aside. */
function start({ cli, tell, minutes, signal }, args, env) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [cli, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let last = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      last = (last + text).slice(-2000);
      const rounds = text.match(/round .*/g) ?? [];
      for (const line of rounds) tell(`  ${line}`);
    });
    const stop = () => child.kill('SIGINT');
    const timer = setTimeout(stop, minutes * 60_000);
    signal.addEventListener('abort', stop, { once: true });
    child.on('error', failed);
    child.on('close', (status) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      if (signal.aborted) failed(signal.reason);
      else if (status === 0 || status === 130) done();
      else failed(new Error(`runner bench ended with ${status}:\n${last.trim()}`));
    });
  });
}

function wholeRounds(log) {
  const ended = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(({ type, round, verdict }) => type === 'run-ended' && round > 0 && verdict === 'measured');
  const rounds = new Map();
  for (const run of ended) rounds.set(run.round, [...(rounds.get(run.round) ?? []), run]);
  return [...rounds.values()]
    .map((runs) => Object.fromEntries(runs.map(({ side, runId }) => [side, runId])))
    .filter(({ a, b }) => a !== undefined && b !== undefined);
}

/**
 * The comparison of each block of rounds, as `runner compare` makes it.
 * @returns {Promise<Record<string, { ratio: number, moreThanNoise: boolean | null, interval: object | null }>[]>} by figure
 */
export async function compareBlocks({ dist }, { runsDir, rounds, size }) {
  const load = (path) => import(pathToFileURL(join(dist, 'src', path)).href);
  const [{ readNamed }, { createReport }] = await Promise.all([
    load('cli/comparison/read-runs.js'),
    load('report/compare/report.js'),
  ]);
  const blocks = [];
  for (let at = 0; at + size <= rounds.length; at += size) {
    const block = rounds.slice(at, at + size);
    const sides = ['a', 'b'].map((name) => ({ name, runIds: block.map((round) => round[name]) }));
    const runs = await readNamed(
      runsDir,
      sides.flatMap(({ runIds }) => runIds),
    );
    blocks.push(createReport(runs, { force: false, sides }).contrasts[0].figures);
  }
  return blocks;
}
