import type Docker from 'dockerode';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { toJson } from '../../../src/common/json.js';
import type { PlannedRun } from '../../../src/contract/runtime.js';
import { planFor } from '../../../src/isolation/trainer-plan.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import { isStatus } from '../connection/daemon-error.js';
import { ask } from '../connection/ask.js';
import { putFiles, type FileToPut } from '../files/put.js';
import { fillOptions, PATHS } from './create-options.js';
import { readLabels } from './labels.js';

/** The container through which a volume is filled. */
export interface Helper {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly image: string;
  readonly volume: string;
}

/**
 * A container cannot be given what it mounts read-only, so a second one that is never started mounts the volume to be
 * written. May be made over and over.
 */
export function createHelper(docker: Docker, helper: Helper): Promise<Docker.Container> {
  const { name, labels, image, volume } = helper;
  return createAnew(docker, helper, () =>
    // Not by the run's signal: what is given up half-way may be made all the same, after all has been cleared away.
    ask(ANSWER_MS.create, (abortSignal) =>
      docker.createContainer({ name, ...fillOptions(image, labels, volume), abortSignal }),
    ),
  );
}

/** Puts plan and data into the helper's volume. @param files absolute paths of the data set's files */
export async function fillVolume(
  helper: Docker.Container,
  {
    run,
    files,
    signal,
  }: { readonly run: PlannedRun; readonly files: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  await putFiles(helper, PATHS.in, await filesOf(run, files), { signal });
}

/** A helper that a killed predecessor has left goes first. */
async function createAnew(
  docker: Docker,
  { name, labels }: Pick<Helper, 'name' | 'labels'>,
  create: () => Promise<Docker.Container>,
): Promise<Docker.Container> {
  try {
    return await create();
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    const left = docker.getContainer(name);
    const found = readLabels((await left.inspect()).Config.Labels);
    if (found?.token !== readLabels(labels)?.token) throw error;
    await removeHelper(left, ANSWER_MS.remove);
    return create();
  }
}

export const removeHelper = (container: Docker.Container, withinMs: number): Promise<unknown> =>
  ask(withinMs, (abortSignal) => container.remove({ force: true, abortSignal }));

async function filesOf(run: PlannedRun, files: readonly string[]): Promise<FileToPut[]> {
  const plan = Buffer.from(toJson(planFor(run, PATHS.data)));
  return [{ name: 'plan.json', mode: 0o444, content: plan }, ...(await filesInto('data', files))];
}

/** The files at these paths, by their names in a folder of the volume. */
export const filesInto = (folder: string, paths: readonly string[]): Promise<FileToPut[]> =>
  Promise.all(
    paths.map(async (path) => ({
      name: `${folder}/${basename(path)}`,
      mode: 0o444,
      content: { path, bytes: (await stat(path)).size },
    })),
  );
