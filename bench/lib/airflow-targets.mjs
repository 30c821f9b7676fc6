import { ratios } from './rounds.mjs';
import { atMost } from './targets.mjs';

/** @returns rows as `judge` of targets.mjs */
export function judgeAirflow({ runs: { results } }) {
  const besides = (name) => results[name].map(({ overheadMs }) => overheadMs);
  const row = (what, peer) => atMost(what, ratios(besides('runner'), besides(peer)), 0.8, { unit: '×' });
  return [
    row('DAG run but for its trainers, against DockerOperator', 'DockerOperator'),
    row('the same, against one that evaluates in the same container', 'DockerOperator, two tasks'),
  ];
}
