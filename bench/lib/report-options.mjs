import { pathOf, readCommandLine, wholeNumber } from './command-line.mjs';

const MEASURES = ['same', 'slowed', 'lengths'];
const HELP = `npm run bench:report -- [options]

  --comparisons N  of a mode with itself, five rounds each (50)
  --slowed N       comparisons of ten rounds with a side that is 5 % slower (10)
  --pairs N        runs of each length (5)
  --minutes N      of each measure at most; what is whole by then is told (60)
  --measures LIST  of ${MEASURES.join(', ')} (all)
  --dist DIR       compiled sources to measure (dist, compiled first)
  --threads N      threads of every run (one a core)
  --seed N         order within the rounds (1)
  --keep DIR       keeps the runs there: the same command goes on where one was ended or killed
  --json FILE      all that was measured
  --write FILE     puts the tables into the marked section of a document
  --check          exit status 1 if a target is not met
`;

export const readReportOptions = (args) =>
  readCommandLine(args, {
    ...{
      command: 'npm run bench:report',
      help: HELP,
      measures: MEASURES,
      hidden: ['--keep', '--minutes', '--dist'],
    },
    options: {
      comparisons: { type: 'string', default: '50' },
      slowed: { type: 'string', default: '10' },
      minutes: { type: 'string', default: '60' },
      keep: { type: 'string' },
      dist: { type: 'string' },
    },
    more: (values) => ({
      comparisons: wholeNumber('--comparisons', values.comparisons, 1),
      slowed: wholeNumber('--slowed', values.slowed, 1),
      minutes: wholeNumber('--minutes', values.minutes, 1),
      keep: pathOf(values.keep),
      dist: pathOf(values.dist),
    }),
  });
