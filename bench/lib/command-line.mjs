/** The command line of a benchmark: what `npm run bench:…` takes, read and checked in one way. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** Of every benchmark that writes a report. */
const COMMON = {
  pairs: { type: 'string', default: '5' },
  epochs: { type: 'string', default: '3' },
  threads: { type: 'string' },
  seed: { type: 'string', default: '1' },
  json: { type: 'string' },
  write: { type: 'string' },
  check: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/**
 * @param {readonly string[]} args
 * @param {{ command: string, help: string, measures: readonly string[], options?: object, hidden?: readonly string[],
 *   more?: (values: object) => object, leastEpochs?: number }} benchmark
 *   `options`: what this benchmark has besides, as parseArgs takes it; `more`: these values as read; `hidden`: those that
 *   name places on this machine, which the report does not show
 * @throws by ending the process: 0 after --help, 2 for what is not understood
 */
export function readCommandLine(args, benchmark) {
  const {
    command,
    help,
    measures,
    options = {},
    hidden = [],
    more = () => ({}),
    leastEpochs = 2,
  } = benchmark;
  try {
    const { values } = parseArgs({
      args,
      options: { ...COMMON, measures: { type: 'string', default: measures.join(',') }, ...options },
    });
    if (values.help) {
      process.stdout.write(help);
      process.exit(0);
    }
    return {
      rounds: wholeNumber('--pairs', values.pairs, 1),
      epochs: wholeNumber('--epochs', values.epochs, leastEpochs),
      measures: listOf('--measures', values.measures, measures),
      threads: values.threads === undefined ? undefined : wholeNumber('--threads', values.threads, 1),
      seed: wholeNumber('--seed', values.seed, 0),
      json: pathOf(values.json),
      write: pathOf(values.write),
      check: values.check,
      ...more(values),
      command: [command, ...shown(args, ['--json', '--write', ...hidden])].join(' '),
    };
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\n\n${help}`);
    process.exit(2);
  }
}

/** Some of the names that are known, with commas between. @throws Error */
export function listOf(flag, text, known) {
  const items = text.split(',').filter((item) => item !== '');
  const unknown = items.find((item) => !known.includes(item));
  if (unknown === undefined) return items;
  throw new Error(`${flag}: expected some of ${known.join(', ')}, got ${JSON.stringify(unknown)}.`);
}

export const pathOf = (value) => (value === undefined ? undefined : resolve(value));

/** @throws Error */
export function wholeNumber(flag, text, least) {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new Error(`${flag}: expected a whole number of at least ${least}, got ${JSON.stringify(text)}.`);
}

/** Without the options that change nothing of what is measured. */
function shown(args, hidden) {
  const isHidden = (arg) => hidden.includes(arg?.split('=')[0]);
  const rest = args.filter(
    (arg, index) => !isHidden(arg) && !(hidden.includes(args[index - 1]) && !arg.startsWith('--')),
  );
  return rest.length > 0 ? ['--', ...rest] : [];
}
