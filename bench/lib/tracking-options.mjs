import { readCommandLine } from './command-line.mjs';

const MEASURES = ['points', 'big', 'small', 'live'];
const HELP = `npm run bench:tracking -- [options]

  --pairs N        interleaved rounds; of --live six pairs a round (5)
  --epochs N       epochs of each run with and without --live, of which the first is not counted (5)
  --measures LIST  of ${MEASURES.join(', ')} (all)
  --threads N      threads of every run (one a core; with --live and without: one)
  --seed N         order within the rounds (1)
  --json FILE      all that was measured
  --write FILE     puts the tables into the marked section of a document
  --check          exit status 1 if a target is not met

Installs MLflow, boto3 and SeaweedFS into the cache folder, once, and starts them itself.
`;

export const readTrackingOptions = (args) =>
  readCommandLine(args, {
    ...{ command: 'npm run bench:tracking', help: HELP, measures: MEASURES },
    options: { epochs: { type: 'string', default: '5' } },
  });
