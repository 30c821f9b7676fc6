/** Looking into a tf.LayersModel. */
import type { LayersModel } from './types.js';

export type Layer = LayersModel['layers'][number];

/** Where tfjs's containers, wrappers and recurrent layers keep the layers inside them. */
interface Nesting {
  readonly layers?: readonly Layer[];
  readonly layer?: Layer;
  readonly forwardLayer?: Layer;
  readonly backwardLayer?: Layer;
  readonly cell?: Layer;
  readonly cells?: readonly Layer[];
}

/** The model's layers with those of nested models, wrappers and recurrent cells, each once, in a fixed order. */
export function allLayers(model: LayersModel): Layer[] {
  const found = new Set<Layer>();
  const visit = (layer: Layer | undefined): void => {
    if (layer === undefined || found.has(layer)) return;
    found.add(layer);
    const inner = layer as unknown as Nesting;
    inner.layers?.forEach(visit);
    [inner.layer, inner.forwardLayer, inner.backwardLayer, inner.cell].forEach(visit);
    inner.cells?.forEach(visit);
  };
  model.layers.forEach(visit);
  return [...found];
}

/** A tf.Sequential keeps its layers in a functional model inside, which alone knows its output layer. */
export function functionalModel(model: LayersModel): LayersModel {
  if (model.getClassName() !== 'Sequential') return model;
  const sequential = model as unknown as { model?: LayersModel | null; build(): void };
  if (!sequential.model) sequential.build();
  return sequential.model ?? model;
}

/** @throws Error unless the model has exactly one output. */
export function outputLayerOf(model: LayersModel): Layer {
  const { outputLayers } = model as unknown as { outputLayers: readonly Layer[] };
  const [layer] = outputLayers;
  if (layer === undefined || outputLayers.length > 1) {
    throw new Error(`model "${model.name}" has ${outputLayers.length} outputs; a training step takes one`);
  }
  return layer;
}
