import { once } from 'node:events';
import type Docker from 'dockerode';

/**
 * Tells a trainer that waits to read its plan. Only its standard input is attached: a reader of its output that fell
 * behind would stop the container, and the daemon with it.
 */
export async function sayTheWord(container: Docker.Container): Promise<void> {
  const stream = await container.attach({
    ...{ stream: true, stdin: true, stdout: false, stderr: false, hijack: true },
  });
  stream.resume();
  stream.end('go\n');
  await once(stream, 'close');
}
