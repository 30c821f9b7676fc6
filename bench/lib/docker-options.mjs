import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

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

/** @throws by ending the process: 0 after --help, 2 for what is not understood */
export function readDockerOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        pairs: { type: 'string', default: '5' },
        epochs: { type: 'string', default: '3' },
        measures: { type: 'string', default: MEASURES.join(',') },
        threads: { type: 'string' },
        seed: { type: 'string', default: '1' },
        json: { type: 'string' },
        write: { type: 'string' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    const path = (value) => (value === undefined ? undefined : resolve(value));
    return {
      rounds: wholeNumber('--pairs', values.pairs, 1),
      epochs: wholeNumber('--epochs', values.epochs, 2),
      measures: known(values.measures),
      threads: values.threads === undefined ? undefined : wholeNumber('--threads', values.threads, 1),
      seed: wholeNumber('--seed', values.seed, 0),
      json: path(values.json),
      write: path(values.write),
      check: values.check,
      command: ['npm run bench:docker', ...shown(args)].join(' '),
    };
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\n\n${HELP}`);
    process.exit(2);
  }
}

/** Without those that name places on this machine. */
function shown(args) {
  const hidden = ['--json', '--write'];
  const rest = args.filter((arg, index) => !hidden.includes(arg) && !hidden.includes(args[index - 1]));
  return rest.length > 0 ? ['--', ...rest] : [];
}

function wholeNumber(flag, text, least) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new Error(`${flag}: expected a whole number of at least ${least}, got ${JSON.stringify(text)}.`);
}

function known(text) {
  const items = text.split(',').filter((item) => item !== '');
  const unknown = items.find((item) => !MEASURES.includes(item));
  if (unknown === undefined) return items;
  throw new Error(`--measures: expected some of ${MEASURES.join(', ')}, got ${JSON.stringify(unknown)}.`);
}
