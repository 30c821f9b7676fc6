/** What every benchmark begins and ends with: the build, a folder of its own, Ctrl-C, a Docker daemon, the report. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from '../../scripts/lib/checkout.mjs';
import { provideDaemon } from '../../scripts/lib/start/daemon.mjs';
import { prepareBench } from './prepare.mjs';
import { publish } from './report.mjs';

/**
 * @typedef {object} Place
 * @property {string} scratch a folder that is gone afterwards
 * @property {(text: string) => void} tell says on stderr what goes on
 * @property {AbortSignal} signal aborted by Ctrl-C
 */

export const tell = (text) => process.stderr.write(`${text}\n`);

/**
 * Gives a benchmark its place, and takes it away whatever happens: the exit status is 130 after Ctrl-C, 3 after any other
 * failure, which is told in a line.
 * @param {{ docker?: boolean, dist?: string }} needs `docker`: the environment names a daemon that answers, which is started
 *   for as long where there is none; `dist`: there is a build already
 * @param {(place: Place) => Promise<void>} body
 */
export async function inPlace({ docker = false, dist }, body) {
  ensureInstalled();
  if (dist === undefined) ensureBuilt();
  const scratch = mkdtempSync(join(tmpdir(), 'runner-bench-'));
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort(new Error('Interrupted.')));
  let daemon;
  try {
    daemon = docker ? await provideDaemon({ mayInstall: undefined }) : undefined;
    if (daemon?.lacking !== undefined) throw new Error(`no Docker daemon: ${daemon.lacking}`);
    Object.assign(process.env, daemon?.env);
    await body({ scratch, tell, signal: interruption.signal });
  } catch (error) {
    tell(`bench: ${error.message}`);
    process.exitCode = interruption.signal.aborted ? 130 : 3;
  } finally {
    await daemon?.stop?.();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * A benchmark that writes a report: prepared, measured, judged, published.
 * @param {object} options as `readCommandLine` gives them
 * @param {object} kind
 * @param {string} kind.section of a document, that `--write` fills
 * @param {(report: object) => string} kind.text for the terminal
 * @param {(report: object) => string} kind.markdown for the document
 * @param {(report: object) => object[]} [kind.judge] what was found against the targets; none without
 * @param {boolean} [kind.docker] as `inPlace` takes it
 * @param {(bench: Place & { context: object, report: object }) => Promise<void>} measure puts what it finds into the report
 */
export const runBenchmark = (options, { docker, judge = () => [], ...renderers }, measure) =>
  inPlace({ docker, dist: options.dist }, async (place) => {
    const { context, surroundings } = await prepareBench({ peers: [], ...options }, place);
    const report = { date: new Date().toISOString(), command: options.command, ...surroundings };
    await measure({ ...place, context, report });
    report.verdicts = judge(report);
    await publish(report, options, renderers);
  });

/**
 * Those of the measures that the options name, one after the other, each under its own name in the report.
 * @param {{ context: { measures: readonly string[] }, report: object }} bench
 * @param {readonly [name: string, title: string, measure: (context: object) => Promise<unknown>][]} measures
 */
export async function measureAll({ context, report }, measures) {
  for (const [name, title, measure] of measures) {
    if (!context.measures.includes(name)) continue;
    tell(title);
    report[name] = await measure(context);
  }
}
