/** What a bench is asked for: a new one by its flags, or one that was begun before. */
import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { didYouMean } from '../../common/nearest.js';
import { RunnerError } from '../../contract/errors.js';
import { createRunId } from '../../orchestrator/run-id.js';
import { FIGURE_NAMES } from '../../report/compare/figures.js';
import type { FigureName } from '../../report/compare/figures.js';
import { runsDirOf, readSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { packageVersion } from '../version.js';
import { wholeNumber } from '../whole-number.js';
import { drawRounds } from './order.js';
import { findPlan } from './plan.js';
import type { BenchPlan } from './plan.js';
import { parsePrecision, requireRoom } from './precision.js';
import { plannedValues, readBenchSettings, requireSame } from './settings.js';
import type { BenchSettings } from './settings.js';
import { parseSides } from './sides.js';

export interface BenchRequestFlags extends Flags {
  readonly modes?: string;
  readonly repeats?: string;
  readonly orderSeed?: string;
  readonly precision?: string;
  readonly figure?: string;
  readonly evaluate?: boolean;
  /** True without an id: the latest. */
  readonly resume?: string | true;
}

export interface AskedBench {
  readonly plan: BenchPlan;
  readonly settings: BenchSettings;
  /** Absolute. */
  readonly runsDir: string;
  readonly isNew: boolean;
}

const DEFAULT_REPEATS = '10';
const DEFAULT_FIGURE = 'imagesPerSecond';
const MOST_REPEATS = 10_000;
const HIGHEST_SEED = 2 ** 31 - 1;
/** What a plan has once and for all. */
const OF_THE_PLAN = ['modes', 'repeats', 'orderSeed', 'precision', 'figure', 'evaluate'] as const;

/** @throws RunnerError `usage`, `bench-not-found` and kin; nothing is written */
export const askedBench = (context: CliContext, flags: BenchRequestFlags): Promise<AskedBench> =>
  flags.resume === undefined ? newBench(context, flags) : earlierBench(context, flags, flags.resume);

async function newBench(context: CliContext, flags: BenchRequestFlags): Promise<AskedBench> {
  if (flags.modes === undefined) {
    throw new RunnerError('usage', 'Which modes are to be held against each other? --modes is missing.', {
      hint: 'Such as `runner bench --modes inprocess,docker --repeats 10`; or go on with one: `runner bench --resume`.',
    });
  }
  const sides = parseSides(flags.modes);
  const repeats = wholeNumber('--repeats', flags.repeats ?? DEFAULT_REPEATS, {
    least: 1,
    most: MOST_REPEATS,
  });
  const orderSeed =
    flags.orderSeed === undefined
      ? randomInt(HIGHEST_SEED)
      : wholeNumber('--order-seed', flags.orderSeed, { least: 0, most: HIGHEST_SEED });
  const precision = flags.precision === undefined ? null : parsePrecision(flags.precision);
  requireRoom(precision, repeats);
  const figure = checkFigure(flags.figure ?? DEFAULT_FIGURE);
  const settings = await readBenchSettings(context, flags, sides);
  const now = context.clock.now();
  const plan: BenchPlan = {
    ...{ schemaVersion: 1, benchId: createRunId(now), createdAt: now },
    ...{ host: hostname(), runnerVersion: packageVersion(), sides, orderSeed, figure, precision },
    rounds: drawRounds(
      sides.map(({ name }) => name),
      repeats,
      orderSeed,
    ),
    evaluate: flags.evaluate ?? false,
    flags: settings.flags,
    settings: plannedValues(settings),
  };
  return { plan, settings, runsDir: settings.settings.runsDir.value, isNew: true };
}

async function earlierBench(
  context: CliContext,
  flags: BenchRequestFlags,
  resume: string | true,
): Promise<AskedBench> {
  const again = OF_THE_PLAN.find((name) => flags[name] !== undefined);
  if (again !== undefined) {
    throw new RunnerError(
      'usage',
      `--resume goes on with what the bench was begun with: leave out ${flagOf(again)}.`,
    );
  }
  const runsDir = runsDirOf(context, await readSettings(context, flags, ['runsDir']));
  const plan = await findPlan(runsDir, resume === true ? 'latest' : resume);
  const here = { host: hostname(), runnerVersion: packageVersion() };
  if (plan.host !== here.host) throw elsewhere(plan, `on ${plan.host}, and this is ${here.host}`);
  if (plan.runnerVersion !== here.runnerVersion) {
    throw elsewhere(plan, `by version ${plan.runnerVersion}, and this is ${here.runnerVersion}`);
  }
  const settings = await readBenchSettings(context, { ...plan.flags, ...flags }, plan.sides);
  requireSame(plan, settings);
  return { plan, settings, runsDir, isNew: false };
}

const elsewhere = ({ benchId }: BenchPlan, how: string): RunnerError =>
  new RunnerError('usage', `Bench ${benchId} was begun ${how}: their figures are not of one bench.`, {
    hint: 'Begin another bench here; `runner compare --force` takes the runs of both.',
  });

function checkFigure(name: string): FigureName {
  if ((FIGURE_NAMES as readonly string[]).includes(name)) return name as FigureName;
  throw new RunnerError(
    'usage',
    `--figure: there is no figure ${JSON.stringify(name)}${didYouMean(name, FIGURE_NAMES).replace(/\?$/, '')}.`,
    { hint: `Figures are ${FIGURE_NAMES.join(', ')} (docs/report.md).` },
  );
}

/** `--order-seed` of `orderSeed`. */
export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
