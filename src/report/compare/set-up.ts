import { formatDuration } from '../format.js';
import type { SideRuns } from './comparison.js';
import { count } from './title.js';

/** Set-up that takes longer than this has built something. */
const BUILT_SECONDS = 2;

/** What runs of a side spent on an engine or an image that were not there yet, as a sentence; empty if all were. */
export function describeSetup({ name, runs }: SideRuns): string {
  const built = runs
    .map(({ figures }) => figures.setupSeconds ?? 0)
    .filter((seconds) => seconds > BUILT_SECONDS);
  if (built.length === 0) return '';
  const longest = formatDuration(1000 * Math.max(...built));
  const time = built.length === 1 ? longest : `up to ${longest}`;
  return `${count(built.length, 'run')} of ${name} built the engine or the image first, in ${time}: that is set-up, which later runs are spared, and no part of what a run costs.`;
}
