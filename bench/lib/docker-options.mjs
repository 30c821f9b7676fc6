import { readCommandLine } from './command-line.mjs';

const MEASURES = ['modes', 'cold', 'warm', 'help', 'sideBySide', 'logs', 'files'];
const HELP = `npm run bench:docker -- [options]

  --pairs N        interleaved rounds (5)
  --epochs N       epochs of each run in the modes, of which the first is not counted (3)
  --measures LIST  of ${MEASURES.join(', ')} (all)
  --threads N      threads of every run (one a core)
  --seed N         order within the rounds (1)
  --json FILE      all that was measured
  --write FILE     puts the tables into the marked section of a document
  --check          exit status 1 if a target is not met

Needs a Docker daemon: DOCKER_HOST, the machine's own, or one that is started for it (root, Linux).
`;

export const readDockerOptions = (args) =>
  readCommandLine(args, { command: 'npm run bench:docker', help: HELP, measures: MEASURES });
