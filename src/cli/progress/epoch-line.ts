import type { RunEvent } from '../../contract/run-event.js';
import { formatCount, formatLoss, formatShare } from '../../report/format.js';
import { printable } from '../../report/printable.js';

/** The line that an event leaves behind for a person, if it leaves one: each epoch does, and each message. */
export function lineOf(event: RunEvent): string | undefined {
  if (event.type === 'log' && event.level !== 'debug') {
    return printable(event.level === 'info' ? event.message : `${event.level}: ${event.message}`);
  }
  if (event.type !== 'epoch') return undefined;
  const { epoch, loss, valLoss, accuracy, valAccuracy, imagesPerSecond } = event;
  return [
    `epoch ${epoch}`,
    `loss ${formatLoss(loss)} (val ${formatLoss(valLoss)})`,
    `acc ${formatShare(accuracy)} (val ${formatShare(valAccuracy)})`,
    // 0 where it could not be measured: an epoch of one step.
    `${formatCount(imagesPerSecond || null)} images/s`,
  ].join('  ');
}
