import { ratios } from './rounds.mjs';
import { atMost } from './targets.mjs';

/** @returns rows as `judge` of targets.mjs */
export function judgeAirflow({ runs: { results } }) {
  const overheads = (name) => results[name].map(({ overheadMs }) => overheadMs);
  return [
    atMost(
      'DAG run but for its container / a DAG of DockerOperator',
      ratios(overheads('runner'), overheads('DockerOperator')),
      0.8,
      { unit: '×' },
    ),
  ];
}
