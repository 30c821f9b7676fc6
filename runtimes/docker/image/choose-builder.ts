/** Which of the daemon's two builders makes an image. */
import type { IncomingMessage } from 'node:http';
import type Docker from 'dockerode';
import { attachSuppressed } from '../../../src/common/errors.js';
import { RunnerError, type ErrorCode } from '../../../src/contract/errors.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import type { DaemonConnection } from '../connection/connection.js';
import { toDaemonError } from '../connection/daemon-error.js';
import { withDeadline } from '../connection/deadline.js';
import { type BaseImage, type Builder, buildImage, type BuildOptions } from './build.js';
import type { ImagePlan } from './plan.js';

/** `auto`: the one that the daemon prefers, and where that is BuildKit and fails, the classic one. */
export type BuilderChoice = 'auto' | Builder;

export interface ChosenBuildOptions extends Omit<BuildOptions, 'builder'> {
  readonly builder: BuilderChoice;
  readonly onNotice: (text: string) => void;
}

/** What another builder may do better. */
const WORTH_ANOTHER: readonly ErrorCode[] = ['image-build-failed', 'daemon-failed'];

/** Builds the planned image under its tag. @throws RunnerError as `buildImage`, of the builder that was last */
export async function buildByChoice(
  connection: DaemonConnection,
  plan: ImagePlan,
  base: BaseImage,
  { builder: choice, onNotice, ...options }: ChosenBuildOptions,
  buildBy = buildImage,
): Promise<void> {
  const { signal } = options;
  const build = (builder: Builder): Promise<void> => buildBy(connection, plan, base, { ...options, builder });
  const builder = choice === 'auto' ? await preferredBuilder(connection, signal) : choice;
  try {
    await build(builder);
  } catch (error) {
    const isOver = choice !== 'auto' || builder === 'classic' || signal.aborted;
    if (isOver || !(error instanceof RunnerError) || !WORTH_ANOTHER.includes(error.code)) throw error;
    onNotice(`By BuildKit: ${error.message} The classic builder is tried instead.`);
    await build('classic').catch((another: unknown) => {
      throw attachSuppressed(another, [error]);
    });
  }
}

/** What the daemon says with every ping; one that has but the classic builder may say nothing. */
export async function preferredBuilder(connection: DaemonConnection, signal: AbortSignal): Promise<Builder> {
  try {
    const { headers } = await withDeadline(signal, ANSWER_MS.describe, (abortSignal) =>
      ping(connection.docker, abortSignal),
    );
    return headers['builder-version'] === '2' ? 'buildkit' : 'classic';
  } catch (error) {
    signal.throwIfAborted();
    throw toDaemonError(error, connection, 'its builder');
  }
}

/** The client's own hands out the body alone. */
async function ping({ modem }: Docker, abortSignal: AbortSignal): Promise<IncomingMessage> {
  const client = modem as Modem;
  return new Promise((resolve, reject) => {
    const request = {
      path: '/_ping',
      method: 'GET',
      isStream: true,
      statusCodes: { 200: true },
      abortSignal,
    };
    client.dial(request, (error, response) => {
      if (!response) reject(error ?? new Error('no answer'));
      else resolve(response.resume());
    });
  });
}

/** As much of docker-modem, which has no types, as is used here. */
interface Modem {
  dial(request: object, callback: (error: Error | null, response?: IncomingMessage | null) => void): void;
}
