import { ratios } from './rounds.mjs';
import { atMost } from './targets.mjs';

/** @returns rows as `judge` of targets.mjs */
export function judgeAirflow({ runs: { results } }) {
  const row = (what, key) => {
    const times = (name) => results[name].map((run) => run[key]);
    return atMost(what, ratios(times('runner'), times('DockerOperator')), 0.8, { unit: '×' });
  };
  return [
    row('DAG run but for its container / a DAG of DockerOperator', 'overheadMs'),
    row('the same, but for the evaluation too', 'withoutEvaluationMs'),
  ];
}
