/** What a smoke test is asked for. */
import { RunnerError } from '../../contract/errors.js';
import { readBenchSettings } from '../benching/settings.js';
import type { BenchSettings } from '../benching/settings.js';
import { parseSides } from '../benching/sides.js';
import type { BenchSide } from '../benching/sides.js';
import type { CliContext, Flags } from '../context.js';

export interface SmokeFlags extends Flags {
  readonly modes?: string;
  readonly epochs?: string;
  readonly runsDir?: string;
  /** File of the comparison as a page. */
  readonly output?: string;
  /** File of the Markdown summary. */
  readonly summary?: string;
  /** Record at an MLflow of its own. */
  readonly mlflow?: boolean;
  readonly quiet?: boolean;
}

export interface AskedSmoke {
  readonly sides: readonly BenchSide[];
  /** Whether the modes were named: then each of them has to be had. */
  readonly isNamed: boolean;
  readonly settings: BenchSettings;
  /** Whether runs are recorded where there is a tracking server. */
  readonly track: boolean;
  readonly ownMlflow: boolean;
  /** Absolute folder that keeps the runs; null for one that is removed. */
  readonly runsDir: string | null;
}

const MODES = ['inprocess', 'process', 'docker'] as const;
const EPOCHS = '1';

/** @throws RunnerError `usage` and as `readBenchSettings`; nothing is written */
export async function askedSmoke(context: CliContext, flags: SmokeFlags): Promise<AskedSmoke> {
  const sides = parseSides(flags.modes ?? MODES.join(','), MODES);
  const settings = await readBenchSettings(context, { epochs: EPOCHS, ...flags }, sides);
  const { track, runsDir } = settings.settings;
  const ownMlflow = flags.mlflow ?? false;
  const against =
    flags.trackingUri !== undefined ? '--tracking-uri' : flags.track === false ? '--no-track' : null;
  if (ownMlflow && against !== null) {
    throw new RunnerError('usage', `--mlflow and ${against} contradict one another.`);
  }
  return {
    ...{ sides, settings, ownMlflow, isNamed: flags.modes !== undefined },
    // A bench records nothing by itself.
    track: ownMlflow || track.source.from === 'default' || track.value,
    runsDir: flags.runsDir === undefined ? null : runsDir.value,
  };
}
