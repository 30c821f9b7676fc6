/** What recording a run takes: time, rows and bytes of the tracking server, bytes of the artifact store. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runTimed } from '../lib/processes.mjs';
import { writeSubset } from '../lib/subset.mjs';
import { withTrackingServers } from '../lib/tracking-servers.mjs';
import { train } from './footprint.mjs';

/** Of the runs that are recorded beside the whole one: few points, but all that every run has. */
const SHORT = { train: 2000, test: 200 };

/**
 * @param {object} context with `python`, and the `run` of `measureRun`
 * @returns {Promise<{ whole: Recorded, short: Recorded & { runs: number } }>} of one run each
 * @typedef {{ seconds: number, points: number, databaseBytes: number, storeBytes: number }} Recorded
 */
export async function measureRecording(context) {
  const { scratch, recorded, run, tell } = context;
  const [folder, shortRuns, digits] = ['servers', 'short-runs', 'digits'].map((name) => join(scratch, name));
  for (const path of [folder, digits]) mkdirSync(path);
  writeSubset(context.dataDir, digits, SHORT);
  for (let count = 0; count < recorded; count += 1)
    await train({ ...context, dataDir: digits }, shortRuns, ['--epochs', '1', '--evaluate']);
  return withTrackingServers({ python: context.python, folder }, async ({ uri, env }) => {
    const record = async (runsDir) => {
      const before = sizes(folder);
      const args = ['log', ...idsIn(runsDir), '--runs-dir', runsDir, '--tracking-uri', uri];
      const signal = context.signal;
      const { wallMs } = await runTimed(process.execPath, [context.cli, ...args], { env, signal });
      const after = sizes(folder);
      const points = pointsIn(runsDir);
      const runs = points.length;
      return {
        seconds: wallMs / 1000 / runs,
        points: points.reduce((sum, count) => sum + count, 0) / runs,
        databaseBytes: (after.database - before.database) / runs,
        storeBytes: (after.store - before.store) / runs,
        runs,
      };
    };
    // Makes the experiment, and the tables' first pages.
    await record(await oneMore(context, digits));
    const short = await record(shortRuns);
    tell(`  short: ${short.seconds.toFixed(2)} s a run, ${Math.round(short.points)} points`);
    const whole = await record(join(run.runDir, '..'));
    tell(`  whole: ${whole.seconds.toFixed(2)} s, ${Math.round(whole.points)} points`);
    return { whole, short };
  });
}

async function oneMore(context, digits) {
  const runsDir = join(context.scratch, 'first-run');
  await train({ ...context, dataDir: digits }, runsDir, ['--epochs', '1']);
  return runsDir;
}

/** Of the database, with what is still in its journal, and of all artifacts. */
function sizes(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const sum = (start) =>
    files.reduce(
      (total, path) => total + (path.startsWith(join(folder, start)) ? statSync(path).size : 0),
      0,
    );
  return { database: sum('mlflow.db'), store: sum('artifacts/') };
}

const idsIn = (runsDir) => readdirSync(runsDir).filter((name) => !name.startsWith('.'));

const pointsIn = (runsDir) =>
  idsIn(runsDir).map((name) => {
    const { destinations } = JSON.parse(readFileSync(join(runsDir, name, 'tracking.json'), 'utf8'));
    const [{ events, finalPoints }] = destinations;
    return events.points + (finalPoints?.length ?? 0);
  });
