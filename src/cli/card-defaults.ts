/** What a run does on a card where nobody says otherwise: by the engine that computes, once it is known. */
import type { EngineName, EngineStep } from '../contract/run-spec.js';
import type { Resolved } from './settings.js';

/** What that saves is in docs/gpu.md. */
export const STEPS_PER_CALL_ON_CARD = 8;

/** A step on a processor has none of it to spare for the thread. */
export const defaultPrefetch = (engine: EngineName): boolean => engine !== 'tensorflow';

/** Op by op there is one, and on a processor a call costs little beside a step. */
export const defaultStepsPerCall = (engine: EngineName, step: EngineStep): number =>
  engine === 'tensorflow-gpu' && step !== 'eager' ? STEPS_PER_CALL_ON_CARD : 1;

/** Before it is known: what all engines come to that it may be, or null where they differ. */
export function asFarAsKnown<T>(settings: Resolved, of: (engine: EngineName) => T): T | null {
  const [first, ...others] = possibleEngines(settings).map(of);
  return first !== undefined && others.every((other) => other === first) ? first : null;
}

function possibleEngines({ engine, gpu }: Resolved): EngineName[] {
  const onCard = engine.value === 'webgpu' ? 'webgpu' : 'tensorflow-gpu';
  if (gpu.value === 'prefer') return [onCard, 'tensorflow'];
  return [gpu.value || engine.value === 'webgpu' ? onCard : 'tensorflow'];
}
