/** The inspection as lines for a person: what, what was found, and what to do where something is missing. */
import { TENSORFLOW_VERSION } from '../engine.js';
import { NEEDED_NODE, type EngineDocument } from './document.js';

export interface Finding {
  readonly name: string;
  readonly value: string;
  /** What to do about it; absent where all is well. */
  readonly remedy?: string;
}

export function findingsOf(document: EngineDocument): readonly Finding[] {
  return [
    { name: 'Node', value: document.node, ...(!document.nodeSupported && { remedy: NEEDED_NODE }) },
    platformFinding(document),
    ...engineFindings(document),
    ...toolFindings(document),
    ...machineFindings(document),
    cacheFinding(document),
  ];
}

function platformFinding({ platform, glibc, engine, problems }: EngineDocument): Finding {
  const libc = glibc === null ? '' : `, glibc ${glibc}`;
  const proof = platform.proved ? 'proved' : 'not proved: see docs/engine.md';
  const problem = engine === null ? problems.platform : undefined;
  return { name: 'platform', value: `${platform.name}${libc} (${proof})`, ...withRemedy(problem) };
}

function engineFindings({
  engine,
  tfjsNode,
  wheel,
  problems,
  readiness,
}: EngineDocument): readonly Finding[] {
  const tfjs = { name: 'tfjs-node', value: tfjsNode };
  if (engine === null) {
    const size = wheel === null ? '' : `, downloads ${megabytes(wheel.bytes)}`;
    const build = `\`runner engine provision\` builds it${size}; so does the first job.`;
    const remedy = problems.engine ?? (readiness === 'can-be-built' ? build : 'See what is missing below.');
    return [{ name: 'engine', value: 'not there', remedy }, tfjs];
  }
  const stripped = { true: ', stripped', false: ', not stripped', null: '' }[String(engine.stripped)] ?? '';
  const ways = { explicit: 'RUNNER_LIBTENSORFLOW', wheel: 'the Python index', vendor: 'tfjs-node’s vendor' };
  const proof = engine.version === TENSORFLOW_VERSION ? '' : ` (not proved; ${TENSORFLOW_VERSION} is)`;
  const value = `TensorFlow ${engine.version}${proof} from ${ways[engine.source]} (${engine.origin}), ${megabytes(engine.bytes)}${stripped}`;
  return [
    { name: 'engine', value },
    { name: 'library', value: engine.libraryDir },
    { name: 'binding', value: `${engine.bindingPath}, by ${engine.compiler}` },
    {
      name: 'contents',
      value: engine.damaged.length === 0 ? 'as they were written' : `damaged: ${engine.damaged.join(', ')}`,
      ...withRemedy(problems.contents),
    },
    {
      name: 'loads',
      value: engine.loadMs === null ? `no: ${engine.loadFailure ?? ''}` : `yes, in ${seconds(engine.loadMs)}`,
      ...withRemedy(problems.loads),
    },
    tfjs,
  ];
}

/** What only building needs is no lack once there is an engine. */
function toolFindings({
  engine,
  compiler,
  python,
  pip,
  strip,
  problems,
}: EngineDocument): readonly Finding[] {
  const absent = engine === null ? 'none' : 'none (needed only to build the engine)';
  const remedy = (problem: string | undefined) => withRemedy(engine === null ? problem : undefined);
  return [
    { name: 'C++ compiler', value: compiler ?? absent, ...remedy(problems.compiler) },
    { name: 'Python', value: python ?? absent },
    { name: 'pip', value: pip ?? absent, ...remedy(problems.pip) },
    { name: 'strip', value: strip ?? 'none (the library then stays a third larger)' },
  ];
}

function machineFindings({ machine, problems }: EngineDocument): readonly Finding[] {
  const quota = machine.cpuQuota === null ? '' : `, limited to the time of ${machine.cpuQuota}`;
  return [
    { name: 'CPU', value: machine.cpuModel },
    {
      name: 'CPU features',
      value:
        machine.cpuFeatures === null ? 'not told by the system' : machine.cpuFeatures.join(' ') || 'none',
      ...withRemedy(problems.cpu),
    },
    {
      name: 'processors',
      value: `${machine.availableProcessors} of ${machine.processors}${quota}`,
      ...withRemedy(problems.quota),
    },
    { name: 'memory', value: `${(machine.memoryBytes / 1e9).toFixed(1)} GB` },
  ];
}

function cacheFinding({ cacheDir, freeBytes, problems, engine }: EngineDocument): Finding {
  const free = freeBytes === null ? '' : `, ${(freeBytes / 1e9).toFixed(1)} GB free`;
  const problem = engine === null ? (problems.cache ?? problems.disk) : undefined;
  return { name: 'cache', value: `${cacheDir ?? 'none'}${free}`, ...withRemedy(problem) };
}

const withRemedy = (problem: string | undefined): { readonly remedy?: string } =>
  problem === undefined ? {} : { remedy: problem };

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
