/** What a waiting trainer has printed: nothing has run in it yet but our own program. */
import type Docker from 'dockerode';
import { readMessage } from '../../../src/isolation/messages.js';
import { inspectContainer } from '../container/inspect.js';
import { Demuxer } from '../logs/demux.js';

/** It prints one line, or as many as an error takes. */
const LINES = 50;

export interface TrainerEnd {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Its last words; empty if it had none. */
  readonly words: string;
}

/** Whether it has said that it waits for its plan. */
export async function isWaiting(container: Docker.Container, signal: AbortSignal): Promise<boolean> {
  const messages = (await printedLines(container, signal)).map(readMessage);
  return messages.some((message) => message !== undefined && 'state' in message);
}

/** How it ended. */
export async function readEnd(container: Docker.Container, signal: AbortSignal): Promise<TrainerEnd> {
  const { exitCode, oomKilled } = await inspectContainer(container, signal);
  const lines = await printedLines(container, signal);
  const messages = lines.map(readMessage);
  const exit = messages.findLast((message) => message !== undefined && 'exit' in message);
  const told = exit !== undefined && 'exit' in exit ? exit.exit.message : undefined;
  const printed = lines.filter((_, index) => messages[index] === undefined);
  return { exitCode, oomKilled, words: told ?? printed.at(-1) ?? '' };
}

async function printedLines(container: Docker.Container, signal: AbortSignal): Promise<readonly string[]> {
  const output = { stdout: '', stderr: '' };
  const demuxer = new Demuxer(({ stream, bytes }) => (output[stream] += bytes.toString()));
  demuxer.push(
    await container.logs({
      ...{ stdout: true, stderr: true, tail: LINES, follow: false, abortSignal: signal },
    }),
  );
  return [output.stderr, output.stdout]
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.trim() !== '');
}
