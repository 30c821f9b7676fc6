import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { attachSuppressed } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { EngineProgress } from '../../../src/engine/engine.js';
import type { DaemonConnection } from '../connection/connection.js';
import { toDaemonError } from '../connection/daemon-error.js';
import { BuilderOutput } from './builder-output.js';
import { type BuildContext, contextOf, fillTar } from './context.js';
import { IMAGE_LABELS } from './names.js';
import type { ImagePlan } from './plan.js';
import { errorOf, LastLines, readMessages } from './progress-stream.js';
import { removeOfCancelled, removeUntagged } from './remove-untagged.js';

/** Of the builder's output, in the message of a build that failed. */
const LINES_TOLD = 12;

/** An image that the daemon has. */
export interface BaseImage {
  /** As FROM takes it. */
  readonly name: string;
  readonly id: string;
  /** What the image says of itself, if it does. */
  readonly nodeVersion: string | undefined;
}

/** `classic`: what every engine since 19.03 has. `buildkit` tells less of what it does. */
export type Builder = 'classic' | 'buildkit';

export interface BuildOptions {
  readonly builder: Builder;
  /** Take nothing from the builder's cache. */
  readonly anew: boolean;
  readonly onProgress: EngineProgress;
  readonly signal: AbortSignal;
}

/**
 * Builds the planned image under its tag.
 * @throws RunnerError `image-build-failed` with the builder's last lines, `engine-corrupt`, or what the connection's
 * failure means; the signal's reason. The daemon then keeps nothing of it.
 */
export async function buildImage(
  connection: DaemonConnection,
  plan: ImagePlan,
  base: BaseImage,
  options: BuildOptions,
): Promise<void> {
  const { docker } = connection;
  const output = new BuilderOutput();
  const context = await contextOf(plan);
  try {
    await sendAndFollow({ docker, plan, base, context, output }, options);
  } catch (error) {
    const { signal } = options;
    if (signal.aborted) throw await afterwards(signal.reason, removeOfCancelled(docker, output, base.id));
    const why = toDaemonError(error, connection, `image ${plan.tag}`);
    throw await afterwards(why, removeUntagged(docker, output.made));
  }
  // The first stage is no part of the image.
  await removeUntagged(docker, output.made);
}

/** The error that ended a build, once what the build had made is gone. */
async function afterwards(error: unknown, removal: Promise<void>): Promise<unknown> {
  try {
    await removal;
    return error;
  } catch (another) {
    return attachSuppressed(error, [another]);
  }
}

interface Build {
  readonly docker: Docker;
  readonly plan: ImagePlan;
  readonly base: BaseImage;
  readonly context: BuildContext;
  readonly output: BuilderOutput;
}

/** Sends the context while it listens to the builder. Whichever of the two fails first says why. */
async function sendAndFollow(build: Build, options: BuildOptions): Promise<void> {
  const { onProgress, signal } = options;
  const { docker, plan, context } = build;
  const tar = pack();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const sending = fillTar(tar, context, { signal: either, onBytes: sendProgress(context.bytes, onProgress) });
  const building = docker
    .buildImage(tar as unknown as NodeJS.ReadableStream, {
      ...requestOf(build, options),
      abortSignal: either,
    })
    .then((answer) => follow(answer as AsyncIterable<Buffer>, build, onProgress));
  try {
    await Promise.all([sending, building]);
    onProgress({ title: buildTitle(plan), share: 1 });
  } finally {
    stop.abort();
    await Promise.allSettled([sending, building]);
  }
}

function requestOf({ plan, base }: Build, { builder, anew }: BuildOptions): Docker.ImageBuildOptions {
  return {
    t: plan.tag,
    dockerfile: 'Dockerfile.trainer',
    buildargs: { BASE: base.name, ENGINE: plan.kind, NODE_VERSION: base.nodeVersion ?? '' },
    labels: labelsOf(plan, base),
    networkmode: 'none',
    ...{ rm: true, forcerm: true, nocache: anew },
    version: builder === 'buildkit' ? '2' : '1',
  };
}

function labelsOf(plan: ImagePlan, base: BaseImage): Record<string, string> {
  const { version, homepage } = plan.package;
  return {
    'org.opencontainers.image.version': version,
    ...(homepage !== undefined && { 'org.opencontainers.image.source': homepage }),
    [IMAGE_LABELS.baseName]: base.name,
    [IMAGE_LABELS.baseId]: base.id,
    ...(base.nodeVersion !== undefined && { [IMAGE_LABELS.nodeVersion]: base.nodeVersion }),
    [IMAGE_LABELS.engine]: plan.kind,
    [IMAGE_LABELS.engineVersion]: plan.engineVersion,
    [IMAGE_LABELS.sourceDigest]: plan.sourceDigest,
  };
}

function sendProgress(total: number, onProgress: EngineProgress): (bytes: number) => void {
  const title = "Sending the trainer's files to the Docker daemon";
  let done = 0;
  let told = 0;
  onProgress({ title, share: 0 });
  return (bytes) => {
    done += bytes;
    const percent = Math.floor((100 * done) / total);
    if (percent === told) return;
    told = percent;
    onProgress({ title, share: percent / 100 });
  };
}

const buildTitle = ({ tag }: ImagePlan): string => `Building the image ${tag}`;

async function follow(
  answer: AsyncIterable<Buffer>,
  { plan, output }: Build,
  onProgress: EngineProgress,
): Promise<void> {
  const last = new LastLines(LINES_TOLD);
  for await (const message of readMessages(answer)) {
    last.add(message.stream ?? '');
    const step = output.add(message.stream ?? '');
    if (step !== undefined) onProgress({ title: buildTitle(plan), share: (step.number - 1) / step.of });
    const error = errorOf(message);
    if (error !== undefined) throw buildFailed(plan, error, last.toString());
  }
}

function buildFailed({ tag }: ImagePlan, error: string, lines: string): RunnerError {
  const told = lines === '' ? '' : ` The builder's last lines:\n${lines}`;
  return new RunnerError('image-build-failed', `The image ${tag} could not be built: ${error}.${told}`, {
    ...(/no space left on device/i.test(`${error}${lines}`) && {
      hint: 'Free disk space where the Docker daemon keeps its images: `runner image rm`, `docker system df`.',
    }),
  });
}
