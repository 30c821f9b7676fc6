/**
 * Figures of a whole run, each one point at the run's end. Their step is 0: a page draws a bar for such a figure, and
 * bars side by side where runs are compared, but a line of one dot for any other step.
 *
 *   loss, accuracy, val_loss, val_accuracy,     of the weights that were kept, and of which epoch these are: Keras'
 *   best_epoch                                  autologging, too, ends these keys with the weights that it restored
 *   test_loss, test_accuracy, test_macro_f1, …  on the test images
 *   test_precision/<class>, test_recall/…, …    by class
 *   training/images_per_second, …               over all epochs
 *   resources/…, trainer/…, image/bytes         what it took; `trainer` where that is a process or container of its own
 *   phase/<name>_ms                             where the time went
 */
import { decodeNumber, type JsonNumber } from '../../contract/json-number.js';
import type { RunOutcome } from '../../contract/run-outcome.js';
import type { Evaluation } from './evaluation-file.js';
import { serverSegment, snakeCase } from './keys.js';

/** Figure by its key, as it would be named and as a server takes it. What the run does not know is left out. */
export type Figures = readonly { readonly wanted: string; readonly key: string; readonly value: number }[];

const PHASE = 'phase/';
const phaseFigure = (name: string): string => `${snakeCase(name)}_ms`;

/** The key by which a phase's milliseconds are recorded: `phase/trainer_startup_ms`. */
export const phaseKey = (name: string): string => `${PHASE}${serverSegment(phaseFigure(name))}`;

export function finalFigures(outcome: RunOutcome, evaluation: Evaluation | null): Figures {
  const { status, training, resources, trainer, image, phases } = outcome;
  // It may yet be found, and come to an end with other figures.
  if (status === 'lost') return [];
  return [
    ...under('', {
      loss: training.finalLoss,
      accuracy: training.finalAccuracy,
      val_loss: training.valLoss,
      val_accuracy: training.valAccuracy,
      best_epoch: training.bestEpoch,
    }),
    ...under('test_', {
      // The outcome's first: a run that is evaluated anew keeps the figures it was recorded with.
      loss: training.testLoss ?? evaluation?.testLoss,
      accuracy: training.testAccuracy ?? evaluation?.testAccuracy,
      macro_precision: evaluation?.macroPrecision,
      macro_recall: evaluation?.macroRecall,
      macro_f1: evaluation?.macroF1,
      weighted_f1: evaluation?.weightedF1,
    }),
    ...(evaluation?.perClass ?? []).flatMap(({ className, precision, recall, f1 }) => [
      inGroup('test_precision/', className, precision),
      inGroup('test_recall/', className, recall),
      inGroup('test_f1/', className, f1),
    ]),
    ...under('training/', {
      epochs_completed: training.epochsCompleted,
      steps_completed: training.stepsCompleted,
      images_per_second: training.imagesPerSecond,
    }),
    ...under('resources/', {
      wall_ms: resources.wallMs,
      cpu_seconds: resources.cpuSeconds,
      peak_memory_bytes: resources.peakRssBytes,
      event_loop_delay_train_p99_ms: resources.eventLoopDelay?.trainP99Ms,
      event_loop_delay_max_ms: resources.eventLoopDelay?.maxMs,
    }),
    ...under('trainer/', {
      cpu_seconds: trainer?.cpuSeconds,
      peak_memory_bytes: trainer?.peakMemoryBytes,
      block_read_bytes: trainer?.blockReadBytes,
      block_write_bytes: trainer?.blockWriteBytes,
      network_received_bytes: trainer?.networkReceivedBytes,
      network_sent_bytes: trainer?.networkSentBytes,
    }),
    ...under('image/', { bytes: image?.bytes }),
    ...Object.entries(phases).map(([name, ms]) => inGroup(PHASE, phaseFigure(name), ms)),
  ];
}

type Figure = JsonNumber | null | undefined;

const under = (prefix: string, figures: Readonly<Record<string, Figure>>): Figures =>
  Object.entries(figures).flatMap(([name, value]) =>
    value === null || value === undefined
      ? []
      : [{ wanted: `${prefix}${name}`, key: `${prefix}${name}`, value: decodeNumber(value) }],
  );

const inGroup = (group: string, name: string, value: number): Figures[number] => ({
  wanted: `${group}${name}`,
  key: `${group}${serverSegment(name)}`,
  value,
});
