/**
 * `npm run bench:docker`: what it costs to train in a process of its own and in a container, in interleaved rounds, and
 * what the docker runtime itself promises: cold start, the orchestrator's own work, log lines, results, warm trainers.
 * Method and figures: docs/performance.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from '../scripts/lib/checkout.mjs';
import { provideDaemon } from '../scripts/lib/start/daemon.mjs';
import { judgeDocker } from './lib/docker-targets.mjs';
import { readDockerOptions } from './lib/docker-options.mjs';
import { renderDockerMarkdown, renderDockerText } from './lib/docker-report.mjs';
import { prepareBench } from './lib/prepare.mjs';
import { publish } from './lib/report.mjs';
import { measureCold } from './measures/docker-cold.mjs';
import { measureFiles } from './measures/docker-files.mjs';
import { measureLogs } from './measures/docker-logs.mjs';
import { measureWarm } from './measures/docker-warm.mjs';
import { measureHelp, measureSideBySide } from './measures/orchestrator.mjs';
import { measureModes } from './measures/modes.mjs';

const tell = (text) => process.stderr.write(`${text}\n`);

ensureInstalled();
ensureBuilt();
const options = readDockerOptions(process.argv.slice(2));
const scratch = mkdtempSync(join(tmpdir(), 'runner-bench-'));
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Error('Interrupted.')));
const daemon = await provideDaemon({ mayInstall: undefined });
try {
  if (daemon.lacking !== undefined) throw new Error(`no Docker daemon: ${daemon.lacking}`);
  Object.assign(process.env, daemon.env);
  const { context, surroundings } = await prepareBench(
    { ...options, peers: [] },
    { scratch, tell, signal: interruption.signal },
  );
  const report = { date: new Date().toISOString(), command: options.command, ...surroundings };
  for (const [name, title, measure] of [
    ['modes', 'Modes, interleaved', measureModes],
    ['cold', 'Cold start', measureCold],
    ['warm', 'Warm trainers', measureWarm],
    ['help', 'runner --help', measureHelp],
    ['sideBySide', 'Eight runs at once', measureSideBySide],
    ['logs', 'Log lines', measureLogs],
    ['files', 'Results', measureFiles],
  ]) {
    if (!options.measures.includes(name)) continue;
    tell(title);
    report[name] = await measure(context);
  }
  report.verdicts = judgeDocker(report);
  await publish(report, options, {
    text: renderDockerText,
    markdown: renderDockerMarkdown,
    section: 'bench:docker',
  });
} catch (error) {
  tell(`bench: ${error.message}`);
  process.exitCode = interruption.signal.aborted ? 130 : 3;
} finally {
  await daemon.stop?.();
  rmSync(scratch, { recursive: true, force: true });
}
