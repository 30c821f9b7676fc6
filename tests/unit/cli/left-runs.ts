/** Runs of the command line, as other processes have them or have left them. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../../src/contract/run-event.js';
import { thisProcess } from '../../../src/orchestrator/owner.js';

interface InFolder {
  readonly runsDir: string;
}

export const dirOf = ({ runsDir }: InFolder, runId: string): string => join(runsDir, runId);

/** Turns a finished run into one that this process is still busy with. */
export const reopen = (cli: InFolder, runId: string): void =>
  rmSync(join(dirOf(cli, runId), 'outcome.json'), { force: true });

/** … or one whose process has died. */
export function abandon(cli: InFolder, runId: string): void {
  reopen(cli, runId);
  loseOwner(cli, runId);
}

/** No process started before the machine did. */
export const loseOwner = (cli: InFolder, runId: string): void =>
  writeFileSync(
    join(dirOf(cli, runId), 'owner.json'),
    JSON.stringify({ ...thisProcess(), pid: 1, startTimeTicks: -1 }),
  );

/** Gives it to another process of this machine. */
export const handTo = (cli: InFolder, runId: string, pid: number): void =>
  writeFileSync(
    join(dirOf(cli, runId), 'owner.json'),
    JSON.stringify({ ...thisProcess(), pid, startTimeTicks: null }),
  );

export const addEvents = (cli: InFolder, runId: string, events: readonly RunEvent[]): void =>
  appendFileSync(
    join(dirOf(cli, runId), 'events.ndjson'),
    events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  );

export const epochEvent = (seq: number, epoch: number): RunEvent => ({
  ...{ seq, t: 0, type: 'epoch', epoch, step: 6 * epoch, learningRate: 0.001, imagesPerSecond: 1000 },
  ...{ loss: 1, accuracy: 0.5, valLoss: 1, valAccuracy: 0.5 },
});

export const metricEvent = (seq: number, step: number): RunEvent => ({
  ...{ seq, t: 0, type: 'metric', step },
  values: { loss: 0.5, accuracy: 0.75, learningRate: 0.001, imagesPerSecond: 900 },
});

export const readFileOf = (cli: InFolder, runId: string, file: string): unknown =>
  JSON.parse(readFileSync(join(dirOf(cli, runId), file), 'utf8'));
