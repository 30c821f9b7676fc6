/** What there is to say of training on a card: driver, cards, libraries, engine, and what of it does not fit. */
import { RunnerError } from '../../contract/errors.js';
import { PLATFORM } from '../cache.js';
import { findEngine } from '../find-engine.js';
import { checkGpu } from '../gpu/check.js';
import { REQUIREMENTS } from '../gpu/requirements.js';
import { type Card, type GpuSurvey, surveyGpu, type Surroundings } from '../gpu/survey.js';
import { GPU_WHEELS } from '../provision/gpu-wheels.js';
import { checkEngine, type CheckedEngine } from './check-engine.js';
import type { Finding } from './findings.js';

export interface GpuInspection {
  /** Whether a run with --gpu could train on one of the cards here, once the engine is built. */
  readonly ready: boolean;
  readonly findings: readonly Finding[];
  /** The whole of it, for --json. */
  readonly document: {
    readonly survey: GpuSurvey;
    readonly requirements: typeof REQUIREMENTS;
    readonly engine: { readonly version: string; readonly bytes: number; readonly loads: boolean } | null;
    /** What is wrong, by where it shows. */
    readonly problems: Readonly<Record<string, string>>;
  };
}

/** Looks at the machine, reads all of the engine's files if it is there, and loads it in a process of its own. */
export async function inspectGpu(surroundings: Surroundings): Promise<GpuInspection> {
  const survey = await surveyGpu(surroundings);
  const engine = await lookAtEngine(surroundings);
  const findings = [
    driverFinding(survey),
    ...cardFindings(survey),
    librariesFinding(),
    engineFinding(engine),
    ...vulkanFinding(survey),
  ];
  const problems = Object.fromEntries(
    findings.flatMap(({ name, remedy }) => (remedy === undefined ? [] : [[name, remedy]])),
  );
  const checked = engine instanceof RunnerError ? undefined : engine;
  return {
    ready: isReady(survey, Object.keys(problems), engine === undefined),
    findings,
    document: {
      survey,
      requirements: REQUIREMENTS,
      engine: checked
        ? { version: checked.engine.version, bytes: checked.bytes, loads: checked.loads }
        : null,
      problems,
    },
  };
}

/** That an engine has yet to be built is no hindrance; that none can be is, or one that is not right. Of several cards, one will do. */
function isReady({ cards }: GpuSurvey, problems: readonly string[], isToBeBuilt: boolean): boolean {
  const bad = problems.filter((name) => !(name === ENGINE && isToBeBuilt && canBeBuilt()));
  const names = (cards ?? []).map(nameOf);
  return bad.every((name) => names.includes(name)) && (cards === null || bad.length < names.length);
}

const ENGINE = 'GPU engine';
const canBeBuilt = (): boolean => GPU_WHEELS[PLATFORM] !== undefined;

async function lookAtEngine({ env, signal }: Surroundings): Promise<CheckedEngine | RunnerError | undefined> {
  try {
    const engine = findEngine(env, 'gpu');
    return engine && (await checkEngine(engine, { env, signal }));
  } catch (error) {
    if (error instanceof RunnerError) return error;
    throw error;
  }
}

/** The remedy where the machine as a whole cannot, whichever card is meant. */
function driverFinding(survey: GpuSurvey): Finding {
  const { driver } = survey;
  const problem = problemOf(survey, 'all', ({ code }) => code !== 'gpu-busy' && code !== 'gpu-unsuitable');
  const value =
    driver === null ? 'none' : `${driver}; CUDA ${REQUIREMENTS.cuda} needs ${REQUIREMENTS.driver} or newer`;
  return { name: 'GPU driver', value, ...problem };
}

function cardFindings(survey: GpuSurvey): readonly Finding[] {
  if (survey.cards === null) {
    return survey.driver === null ? [] : [{ name: 'GPUs', value: `not told: ${survey.silence ?? ''}` }];
  }
  return survey.cards.map((card) => ({
    name: nameOf(card),
    value: describeCard(card),
    ...problemOf(survey, [card.uuid], ({ code }) => code === 'gpu-busy' || code === 'gpu-unsuitable'),
  }));
}

const nameOf = ({ index }: Card): string => `GPU ${index}`;

function describeCard({ name, uuid, memoryBytes, freeBytes, computeCapability, computeMode }: Card): string {
  const capability =
    computeCapability === null
      ? ''
      : `, compute capability ${computeCapability} (${REQUIREMENTS.computeCapability} or newer is needed)`;
  const mode = computeMode === 'Default' ? '' : `, compute mode ${computeMode}`;
  return `${name}, ${gigabytes(memoryBytes)} (${gigabytes(freeBytes)} free)${capability}${mode}, ${uuid}`;
}

function problemOf(
  survey: GpuSurvey,
  devices: 'all' | readonly string[],
  concerns: (error: RunnerError) => boolean,
): { readonly remedy?: string } {
  try {
    checkGpu(survey, { devices: devices === 'all' ? devices : [...devices] });
    return {};
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    return concerns(error) ? { remedy: `${error.message} ${error.hint}` } : {};
  }
}

function librariesFinding(): Finding {
  const { parts = [] } = GPU_WHEELS[PLATFORM] ?? {};
  const value =
    parts.length === 0
      ? `none for ${PLATFORM}: there are some for ${Object.keys(GPU_WHEELS).join(', ')}`
      : parts.map(({ title }) => title.replace(/^the /, '')).join(', ');
  const remedy = 'Train on the processor: leave out --gpu, or take --gpu=prefer.';
  return { name: 'CUDA libraries', value, ...(parts.length === 0 && { remedy }) };
}

function engineFinding(engine: CheckedEngine | RunnerError | undefined): Finding {
  if (engine instanceof RunnerError) {
    return { name: ENGINE, value: 'none', remedy: `${engine.message} ${engine.hint}` };
  }
  if (engine === undefined) {
    const wheel = GPU_WHEELS[PLATFORM];
    const bytes = [wheel, ...(wheel?.parts ?? [])].reduce((sum, file) => sum + (file?.bytes ?? 0), 0);
    return {
      name: ENGINE,
      value: 'not there',
      remedy: `\`runner engine provision --gpu\` builds it, downloads ${gigabytes(bytes)}; so does the first run with --gpu.`,
    };
  }
  const { damaged, loads, loadFailure, bytes } = engine;
  const { cuda, cudnn } = REQUIREMENTS;
  const sound = loads && damaged.length === 0;
  const why = loads ? `damaged: ${damaged.join(', ')}` : `does not load: ${loadFailure ?? ''}`;
  return {
    name: ENGINE,
    value: `TensorFlow ${engine.engine.version}, CUDA ${cuda}, cuDNN ${cudnn}, ${gigabytes(bytes)}; ${sound ? 'loads' : why}`,
    ...(sound ? {} : { remedy: '`runner engine provision --gpu --force` builds it anew.' }),
  };
}

/** Only where it could be taken for more than it is. */
const vulkanFinding = ({ vulkanLoader, driver }: GpuSurvey): readonly Finding[] =>
  vulkanLoader === null || driver !== null
    ? []
    : [{ name: 'Vulkan', value: `a loader (${vulkanLoader}) without a driver of NVIDIA's behind it` }];

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
