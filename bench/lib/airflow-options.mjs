import { readCommandLine } from './command-line.mjs';

const HELP = `npm run bench:airflow -- [options]

  --pairs N        interleaved rounds (5)
  --epochs N       epochs of each run (3)
  --threads N      threads of every run (one a core)
  --seed N         order within the rounds (1)
  --json FILE      all that was measured
  --write FILE     puts the tables into the marked section of a document
  --check          exit status 1 if a target is not met

Installs Airflow, its Docker provider and MLflow into the cache folder, once, and starts them itself. Needs a Docker daemon:
DOCKER_HOST, the machine's own, or one that is started for it (root, Linux).
`;

export const readAirflowOptions = (args) =>
  readCommandLine(args, { command: 'npm run bench:airflow', help: HELP, measures: ['runs'], leastEpochs: 1 });
