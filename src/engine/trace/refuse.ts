/** Layers known to do in JavaScript what no recording can hold, refused by name before anything is recorded. */
import { allLayers } from './layers.js';
import { UntraceableError, type LayersModel } from './types.js';

const RANDOM_LAYERS = new Set(['AlphaDropout', 'GaussianDropout', 'GaussianNoise', 'RandomWidth']);

/** @throws UntraceableError */
export function refuseUntraceable(model: LayersModel): void {
  for (const layer of allLayers(model)) {
    const className = layer.getClassName();
    if (RANDOM_LAYERS.has(className)) {
      throw new UntraceableError(className, `layer "${layer.name}" draws its random numbers in JavaScript`);
    }
    if ('stateful' in layer && layer.stateful) {
      throw new UntraceableError(
        className,
        `layer "${layer.name}" carries its state from batch to batch in JavaScript`,
      );
    }
  }
}
