/**
 * Which points an event makes. One key has one kind of step, as a chart has one axis:
 *
 *   epoch/loss, epoch/accuracy, epoch/val_loss,     step = epoch, 1 for the first
 *   epoch/val_accuracy, epoch/learning_rate,
 *   epoch/images_per_second
 *   step/loss, step/accuracy, step/learning_rate,   step = optimizer steps done, means over the steps since the last
 *   step/images_per_second, …
 *   system/process_cpu_utilization_percentage,      step = optimizer steps done, as the last event before it said;
 *   system/process_memory_usage_megabytes           `system/` puts them onto the page's own tab
 *
 * The page of a run sorts groups by name and puts what has none last, so the curves by epoch stand first. The names of
 * Keras without a group (`loss`, `val_loss`) are for the weights that were kept: see final-points.ts.
 *
 * MLflow's own `system/cpu_utilization_percentage` and `system/system_memory_usage_megabytes` are of the whole machine.
 * These are of the trainer's process in every mode, hence their names: 100 % is one processor, a megabyte 1e6 bytes.
 *
 * Test figures make no point here: a run may be evaluated again, and each would be one more. They are among the final
 * points, once.
 */
import { decodeNumber } from '../../contract/json-number.js';
import type { RunEvent } from '../../contract/run-event.js';
import { serverKey, snakeCase } from './keys.js';
import type { MetricPoint } from './run-record.js';

/** What an event's points need to know of those before it. */
export interface EventContext {
  /** Optimizer steps done, by the last event that said so. */
  readonly step: number;
  /** Of the last system event: its time in milliseconds, and the processor's time up to it. */
  readonly cpu: { readonly t: number; readonly cpuSeconds: number } | null;
}

export interface EventPoints {
  readonly points: readonly MetricPoint[];
  readonly context: EventContext;
  /** Keys that a server would not take → what stands in their place. */
  readonly renamed: Readonly<Record<string, string>>;
}

/** final-points.ts has them. */
const TEST_FIGURES = ['testLoss', 'testAccuracy'];

export function pointsOfEvent(event: RunEvent, context: EventContext): EventPoints {
  const timestamp = Math.round(event.t);
  switch (event.type) {
    case 'epoch': {
      const { loss, accuracy, valLoss, valAccuracy, learningRate, imagesPerSecond } = event;
      const figures = {
        loss,
        accuracy,
        val_loss: valLoss,
        val_accuracy: valAccuracy,
        learning_rate: learningRate,
        images_per_second: imagesPerSecond,
      };
      const points = Object.entries(figures).map(([key, value]) => ({
        key: `epoch/${key}`,
        value: decodeNumber(value),
        timestamp,
        step: event.epoch,
      }));
      return { points, context: { ...context, step: event.step }, renamed: {} };
    }
    case 'metric': {
      const renamed: Record<string, string> = {};
      const values = Object.entries(event.values).filter(([name]) => !TEST_FIGURES.includes(name));
      const points = values.map(([name, value]) => {
        const wanted = `step/${snakeCase(name)}`;
        const key = serverKey(wanted);
        if (key !== wanted) renamed[wanted] = key;
        return { key, value: decodeNumber(value), timestamp, step: event.step };
      });
      return { points, context: { ...context, step: event.step }, renamed };
    }
    case 'system': {
      const cpu = { t: event.t, cpuSeconds: event.cpuSeconds };
      const memory = {
        key: 'system/process_memory_usage_megabytes',
        value: event.rssBytes / 1e6,
        timestamp,
        step: context.step,
      };
      const percentage = cpuPercentage(context.cpu, cpu);
      if (percentage === null) return { points: [memory], context: { ...context, cpu }, renamed: {} };
      const key = 'system/process_cpu_utilization_percentage';
      const load = { key, value: percentage, timestamp, step: context.step };
      return { points: [load, memory], context: { ...context, cpu }, renamed: {} };
    }
    default:
      return { points: [], context, renamed: {} };
  }
}

/** Null where there is nothing to tell it from: the first of a process, or a clock that was set back. */
function cpuPercentage(before: EventContext['cpu'], now: NonNullable<EventContext['cpu']>): number | null {
  if (before === null || now.t <= before.t || now.cpuSeconds < before.cpuSeconds) return null;
  return (100 * 1000 * (now.cpuSeconds - before.cpuSeconds)) / (now.t - before.t);
}
