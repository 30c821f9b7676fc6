import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { toJson } from '../../../src/common/json.js';
import type { TrainerMessage, TrainerPlan } from '../../../src/contract/trainer-program.js';

const HAS_IT = JSON.stringify({ state: 'working' } satisfies TrainerMessage);

/**
 * Gives a waiting trainer its plan; returns when it says that it has it. Its output is read for that long only, and
 * without a pause: a reader that fell behind would stop the container, and the daemon with it.
 * @param signal must be aborted some time: a container that has ended takes a plan without a word
 */
export async function handOver(
  container: Docker.Container,
  plan: TrainerPlan,
  signal: AbortSignal,
): Promise<void> {
  const stream = await container.attach({
    ...{ stream: true, stdin: true, stdout: true, stderr: false, hijack: true, abortSignal: signal },
  });
  try {
    const answer = answerOf(stream, signal);
    stream.write(`${toJson(plan)}\n`);
    await answer;
  } finally {
    // Closed only now: what is on its way through a network would be lost with the connection.
    (stream as unknown as Readable).destroy();
  }
}

function answerOf(stream: NodeJS.ReadableStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let end = '';
    stream.on('data', (chunk: Buffer) => {
      const text = end + chunk.toString('latin1');
      if (text.includes(HAS_IT)) resolve();
      end = text.slice(-HAS_IT.length);
    });
    stream.on('error', reject);
    stream.on('close', () => reject(new Error('the connection was closed before the trainer had its plan')));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
