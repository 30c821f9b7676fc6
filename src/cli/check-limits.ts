/** What is asked for a container, against what a trainer needs and what the daemon has. */
import { LEAST_MEMORY_BYTES } from '../contract/limits.js';
import { RunnerError } from '../contract/errors.js';
import { SETTINGS } from './options.js';
import { formatSize, isBare, sizeHint } from './quantities.js';
import type { Daemon } from './services.js';
import { describeValue } from './setting-definition.js';
import { byDefault, nameOf } from './settings.js';
import type { Resolved } from './settings.js';

/** @throws RunnerError `limit-too-low` */
export function checkMemory({ memory }: Pick<Resolved, 'memory'>): void {
  if (memory.value >= LEAST_MEMORY_BYTES) return;
  const asked = describeValue(SETTINGS.memory, memory);
  const unit = !isBare(asked) ? '' : asked === '1' ? ' byte' : ' bytes';
  const hint = sizeHint(asked, LEAST_MEMORY_BYTES);
  throw new RunnerError(
    'limit-too-low',
    `${nameOf('memory', memory.source)}: ${asked}${unit} is less than the ${formatSize(LEAST_MEMORY_BYTES)} that a trainer needs.`,
    hint === undefined ? {} : { hint },
  );
}

/** Of Node, of CUDA, and for the batches; those that were seen are 16. */
const OTHER_THREADS = 64;

/**
 * The settings as this daemon can meet them: as many processors as it has where nobody asked for more, and where nobody asked for
 * other, so many threads as TensorFlow starts at once: --threads for within an operation, and one a processor for those that run side by side.
 * @throws RunnerError `bad-spec` for more processors than it has
 */
export function fitToDaemon<T extends Pick<Resolved, 'cpus' | 'threads' | 'pids'>>(
  given: T,
  daemon: Pick<Daemon, 'address' | 'cpus'>,
  note: (text: string) => void,
): T {
  const settings = { ...given, pids: enoughPids(given, daemon) };
  const { cpus, threads } = settings;
  if (cpus.value <= daemon.cpus) return settings;
  const has = `the Docker daemon at ${daemon.address} has ${daemon.cpus} ${daemon.cpus === 1 ? 'processor' : 'processors'}`;
  if (cpus.source.from !== 'default') {
    throw new RunnerError(
      'bad-spec',
      `${nameOf('cpus', cpus.source)}: ${cpus.value} were asked for, and ${has}.`,
    );
  }
  note(`${threads.value} threads will share what there is: ${has}.`);
  return { ...settings, cpus: byDefault(daemon.cpus, 'processors of the daemon') };
}

/** Above 96 processors the default is too few: TensorFlow would end the process that gets no thread. */
function enoughPids({ pids, threads }: Pick<Resolved, 'pids' | 'threads'>, { cpus }: Pick<Daemon, 'cpus'>) {
  const needed = threads.value + cpus + OTHER_THREADS;
  if (pids.source.from !== 'default' || needed <= pids.value) return pids;
  return byDefault(needed, 'threads and processors of the daemon');
}
