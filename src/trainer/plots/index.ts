/** The pictures of a run: plain data in, PNG out. */
export { plotConfusionMatrix, type ConfusionMatrixPlot } from './confusion-matrix.js';
export {
  plotSamplePredictions,
  type SamplePrediction,
  type SamplePredictions,
} from './sample-predictions.js';
export { selectSamples } from './select-samples.js';
export { plotTrainCurve, type EpochPoint, type TrainCurve } from './train-curve.js';
