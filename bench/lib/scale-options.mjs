import { readCommandLine, wholeNumber } from './command-line.mjs';

const MEASURES = ['run', 'recording', 'folder', 'queue'];
const HELP = `npm run bench:scale -- [options]

  --runs N         a day: in the folder that is read, and in the simulation (10000)
  --wait N         minutes within which 95 of 100 simulated runs are to begin (10)
  --recorded N     short runs that are recorded beside the whole one (10)
  --run-seconds N  how long simulated runs take on average, instead of what the measured run took
  --measures LIST  of ${MEASURES.join(', ')} (all)
  --threads N      threads of every run (one a core)
  --seed N         of the simulation (1)
  --json FILE      all that was measured
  --write FILE     puts the tables into the marked section of a document

Installs MLflow, boto3 and SeaweedFS into the cache folder, once, and starts them itself.
`;

export const readScaleOptions = (args) =>
  readCommandLine(args, {
    ...{ command: 'npm run bench:scale', help: HELP, measures: MEASURES },
    options: {
      runs: { type: 'string', default: '10000' },
      wait: { type: 'string', default: '10' },
      recorded: { type: 'string', default: '10' },
      'run-seconds': { type: 'string' },
    },
    more: (values) => {
      const seconds = values['run-seconds'];
      return {
        runs: wholeNumber('--runs', values.runs, 1),
        waitSeconds: 60 * wholeNumber('--wait', values.wait, 1),
        recorded: wholeNumber('--recorded', values.recorded, 1),
        runSeconds: seconds === undefined ? undefined : wholeNumber('--run-seconds', seconds, 1),
      };
    },
  });
