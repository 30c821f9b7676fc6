/**
 * `npm run bench:docker`: what it costs to train in a process of its own and in a container, in interleaved rounds, and
 * what the docker runtime itself promises: cold start, the orchestrator's own work, log lines, results, warm trainers.
 * Method and figures: docs/performance.md.
 */
import { measureAll, runBenchmark } from './lib/benchmark.mjs';
import { judgeDocker } from './lib/docker-targets.mjs';
import { readDockerOptions } from './lib/docker-options.mjs';
import { renderDockerMarkdown, renderDockerText } from './lib/docker-report.mjs';
import { measureCold } from './measures/docker-cold.mjs';
import { measureFiles } from './measures/docker-files.mjs';
import { measureLogs } from './measures/docker-logs.mjs';
import { measureWarm } from './measures/docker-warm.mjs';
import { measureHelp, measureSideBySide } from './measures/orchestrator.mjs';
import { measureModes } from './measures/modes.mjs';

await runBenchmark(
  readDockerOptions(process.argv.slice(2)),
  {
    ...{ docker: true, section: 'bench:docker', judge: judgeDocker },
    ...{ text: renderDockerText, markdown: renderDockerMarkdown },
  },
  (bench) =>
    measureAll(bench, [
      ['modes', 'Modes, interleaved', measureModes],
      ['cold', 'Cold start', measureCold],
      ['warm', 'Warm trainers', measureWarm],
      ['help', 'runner --help', measureHelp],
      ['sideBySide', 'Eight runs at once', measureSideBySide],
      ['logs', 'Log lines', measureLogs],
      ['files', 'Results', measureFiles],
    ]),
);
