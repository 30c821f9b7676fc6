/** This version's trainer image as `runner doctor` tells of it: without it, the first run in a container waits. */
import { RunnerError } from '../../src/contract/errors.js';
import { findEngine } from '../../src/engine/find-engine.js';
import type { Finding } from '../../src/engine/inspect/findings.js';
import { describeError } from '../../src/common/errors.js';
import type { DaemonConnection } from './connection/connection.js';
import { withDeadline } from './connection/deadline.js';
import { findImage } from './image/find.js';
import { findPlanned } from './image/find-planned.js';
import { inspectImage } from './image/inspect.js';
import { type ImagePlan, planImage } from './image/plan.js';

export interface ImageInspection {
  readonly finding: Finding;
  /** For --json. */
  readonly document: { readonly tag: string | null; readonly there: boolean };
}

const NAME = 'trainer image';
const LIMIT_MS = 2_000;

/** Asks a daemon that has answered already. Rejects for an aborted signal alone. */
export async function inspectTrainerImage(
  connection: DaemonConnection,
  {
    env,
    signal = new AbortController().signal,
  }: { readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal },
): Promise<ImageInspection> {
  const own = env.RUNNER_IMAGE?.trim() ?? '';
  try {
    return await withDeadline(signal, LIMIT_MS, (within) =>
      own === '' ? lookForPlanned(connection, env, within) : lookForOwn(connection, own, within),
    );
  } catch (error) {
    signal.throwIfAborted();
    const remedy = error instanceof RunnerError ? { remedy: error.hint } : {};
    return {
      finding: { name: NAME, value: describeError(error), ...remedy },
      document: { tag: own === '' ? null : own, there: false },
    };
  }
}

/** The one that the user has named, which is never built or pulled. */
async function lookForOwn(
  connection: DaemonConnection,
  name: string,
  signal: AbortSignal,
): Promise<ImageInspection> {
  const { tag, bytes } = await findImage(connection, name, { signal });
  const value = `${tag} (RUNNER_IMAGE), ${megabytes(bytes)}`;
  return { finding: { name: NAME, value }, document: { tag, there: true } };
}

async function lookForPlanned(
  connection: DaemonConnection,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ImageInspection> {
  const engine = findEngine(env);
  if (engine === undefined) {
    const value = 'not known before there is an engine, which goes into it';
    return { finding: { name: NAME, value }, document: { tag: null, there: false } };
  }
  return lookFor(connection, await planImage({ engine, kind: 'cpu' }), signal);
}

/** Exported for tests: which plan it is depends on the engine of the machine. */
export async function lookFor(
  connection: DaemonConnection,
  plan: ImagePlan,
  signal: AbortSignal,
): Promise<ImageInspection> {
  const [found, base] = await Promise.all([
    findPlanned(connection, plan, signal),
    inspectImage(connection, plan.base, signal),
  ]);
  const { tag } = plan;
  if (found !== undefined) {
    return {
      finding: { name: NAME, value: `${tag}, ${megabytes(found.bytes)}` },
      document: { tag, there: true },
    };
  }
  const pull = base === undefined ? `, and fetches ${plan.base} for it,` : '';
  return {
    finding: {
      name: NAME,
      value: `not built yet (${tag})`,
      remedy: `The first run in a container builds it${pull} and starts that much later: \`runner image build\` does it ahead.`,
    },
    document: { tag, there: false },
  };
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
