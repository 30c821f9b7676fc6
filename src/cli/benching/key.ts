/** The keys of a bench's runs: what `request.json` of each has, and by which the run of a place is found again. */
import { RUN_ID_PATTERN } from '../../contract/run-directory.js';
import type { Cell } from './state.js';

export interface Place extends Cell {
  /** From 1; another one where a run was set aside. */
  readonly attempt: number;
}

const WARM_UP = 'warm-up';

/** Of each key one run is trained, whatever is killed. */
export function keyOf(benchId: string, { round, side, attempt }: Place): string {
  const key = `${benchId}/${round === 0 ? WARM_UP : round}/${side}`;
  return attempt === 1 ? key : `${key}/${attempt}`;
}

/** Whether a run only warmed a bench up: what it took says nothing of its mode. */
export function isWarmUpKey(key: string): boolean {
  const [benchId = '', round] = key.split('/');
  return RUN_ID_PATTERN.test(benchId) && round === WARM_UP;
}
