/** In what a run differs from the one that is asked for now. */
import { isDeepStrictEqual } from 'node:util';
import type { Limits, RunSpec } from '../../contract/run-spec.js';
import { limitsOf } from '../../isolation/container-limits.js';
import type { Resolved } from '../settings.js';
import { draftSpec } from '../train-spec.js';

const COMPARED = ['job', 'mode', 'hyperparameters', 'seed', 'threads', 'limits'] as const;

/** Names of the parts of its spec that would be others now. */
export function otherSettings(settings: Resolved, spec: RunSpec): readonly string[] {
  const draft = draftSpec(settings);
  const asked = { ...draft, limits: fittedAs(spec, heldTo(draft), settings) };
  const given = { ...spec, limits: heldTo(spec) };
  return COMPARED.filter((name) => !isDeepStrictEqual(asked[name], given[name]));
}

/** What a run is held to: a container also to the defaults of what its spec does not name, as older ones do not. */
function heldTo({ mode, limits = {}, threads }: Pick<RunSpec, 'mode' | 'limits' | 'threads'>): Limits {
  const inContainer = mode === 'docker' || mode === 'kubernetes';
  return inContainer ? { ...limits, ...limitsOf(limits, threads) } : limits;
}

/**
 * By default a container gets a processor for each thread, or as many as its daemon has: fewer than the default are
 * therefore what it came to there, for all that the spec says.
 */
function fittedAs({ limits: { cpus: had } = {} }: RunSpec, limits: Limits, settings: Resolved): Limits {
  const { cpus } = limits;
  const mayBeFitted = settings.mode.value === 'docker' && settings.cpus.source.from === 'default';
  if (!mayBeFitted || cpus === undefined || had === undefined) return limits;
  return { ...limits, cpus: Math.min(cpus, had) };
}
