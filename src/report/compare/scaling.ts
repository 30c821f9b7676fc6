/**
 * What a run costs however long it trains, and what each epoch adds: the line through runs that differ in their epochs
 * only. By Theil and Sen: the median of the slopes of all pairs, then the median of what is left. Least squares would let
 * one disturbed run pull the line (P. K. Sen, Estimates of the Regression Coefficient Based on Kendall's Tau, Journal of
 * the American Statistical Association 63, 1968).
 */
import { median } from './statistics.js';

export interface RunLength {
  /** That were trained. */
  readonly epochs: number;
  /** The whole run, without set-up. */
  readonly seconds: number;
}

export interface Scaling {
  readonly fixedSeconds: number;
  readonly secondsPerEpoch: number;
}

/** Lengths that a line says something about: two points always lie on one. */
export const LEAST_LENGTHS = 3;

export const lengthsOf = (runs: readonly RunLength[]): number[] =>
  [...new Set(runs.map(({ epochs }) => epochs))].sort((a, b) => a - b);

/** @returns null of runs of a single length */
export function scalingOf(runs: readonly RunLength[]): Scaling | null {
  const slopes = runs.flatMap((one, index) =>
    runs
      .slice(index + 1)
      .filter(({ epochs }) => epochs !== one.epochs)
      .map((other) => (other.seconds - one.seconds) / (other.epochs - one.epochs)),
  );
  if (slopes.length === 0) return null;
  const secondsPerEpoch = median(slopes);
  const fixedSeconds = median(runs.map(({ epochs, seconds }) => seconds - secondsPerEpoch * epochs));
  return { fixedSeconds, secondsPerEpoch };
}

export const secondsOf = ({ fixedSeconds, secondsPerEpoch }: Scaling, epochs: number): number =>
  fixedSeconds + secondsPerEpoch * epochs;

/** The longest runs as the shorter ones foretell them: what the line is worth. */
export interface Foretold {
  readonly epochs: number;
  readonly predictedSeconds: number;
  /** The median of those runs. */
  readonly measuredSeconds: number;
}

/** @returns null with fewer than two lengths beside the longest */
export function foretellLongest(runs: readonly RunLength[]): Foretold | null {
  const longest = lengthsOf(runs).at(-1);
  const shorter = runs.filter(({ epochs }) => epochs !== longest);
  const scaling = scalingOf(shorter);
  if (longest === undefined || scaling === null) return null;
  const measured = runs.filter(({ epochs }) => epochs === longest).map(({ seconds }) => seconds);
  return {
    epochs: longest,
    predictedSeconds: secondsOf(scaling, longest),
    measuredSeconds: median(measured),
  };
}
