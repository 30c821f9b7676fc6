/** Programs of the tests' own in a container that is made just as a trainer's is. */
import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { createOptions } from '../../../runtimes/docker/container/create-options.js';
import { limitsOf } from '../../../src/isolation/container-limits.js';
import { Demuxer } from '../../../runtimes/docker/logs/demux.js';
import { IN_IMAGE } from '../../../runtimes/docker/image/index.js';
import type { Limits } from '../../../src/contract/run-spec.js';
import { docker } from '../../support/docker.js';
import { testImage } from './image.js';

export interface Probe {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** When it had ended. */
  readonly inspected: Docker.ContainerInspectInfo;
}

export interface ProbeOptions {
  readonly limits?: Limits;
  /** Default: the trainer's. */
  readonly image?: string;
  /** What is to be otherwise than for a trainer, to see what a setting is good for. */
  readonly hostConfig?: Docker.HostConfig;
}

/** Runs a script by Node in place of the trainer. Its arguments begin at `process.argv[1]`. */
export const probe = (
  script: string,
  args: readonly string[] = [],
  options: ProbeOptions = {},
): Promise<Probe> => runAsTrainer([IN_IMAGE.node, '-e', script, '--', ...args], options);

/** Runs a program to its end in place of the trainer; nothing of it is left. */
export async function runAsTrainer(
  command: readonly string[],
  { limits, image, hostConfig = {} }: ProbeOptions = {},
): Promise<Probe> {
  const client = await docker();
  const name = `probe-${randomBytes(8).toString('hex')}`;
  const [inVolume, outVolume] = [`${name}-in`, `${name}-out`];
  const options = createOptions({
    image: image ?? (await testImage()).id,
    ...{ labels: {}, inVolume, outVolume, limits: limitsOf(limits, 2), command: [] },
  });
  const container = await client.createContainer({
    ...{ name, ...options, Entrypoint: [...command] },
    HostConfig: { ...options.HostConfig, ...hostConfig },
  });
  try {
    await container.start();
    const { StatusCode: exitCode } = (await container.wait()) as { StatusCode: number };
    const printed = await container.logs({ stdout: true, stderr: true, follow: false });
    return { exitCode, ...takeApart(printed), inspected: await container.inspect() };
  } finally {
    await container.remove({ force: true, v: true });
    for (const volume of [inVolume, outVolume]) await client.getVolume(volume).remove();
  }
}

function takeApart(printed: Buffer): { stdout: string; stderr: string } {
  const text = { stdout: '', stderr: '' };
  new Demuxer(({ stream, bytes }) => (text[stream] += bytes.toString())).push(printed);
  return text;
}
