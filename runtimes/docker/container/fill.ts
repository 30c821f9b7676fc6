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

export interface FillRequest {
  readonly run: PlannedRun;
  /** Absolute paths of the data set's files. */
  readonly files: readonly string[];
  readonly image: string;
  readonly helper: { readonly name: string; readonly labels: Record<string, string> };
  readonly volume: string;
  readonly signal: AbortSignal;
}

/**
 * Puts plan and data into the volume that the trainer may only read. A container cannot be given what it mounts
 * read-only, so a second one that is never started mounts it to be written. May be done over and over.
 */
export async function fillVolume(docker: Docker, request: FillRequest): Promise<void> {
  const { helper, image, volume, signal } = request;
  const container = await createAnew(docker, request.helper, () =>
    // Not by the run's signal: what is given up half-way may be made all the same, after all has been cleared away.
    ask(ANSWER_MS.create, (abortSignal) =>
      docker.createContainer({
        name: helper.name,
        ...fillOptions(image, helper.labels, volume),
        abortSignal,
      }),
    ),
  );
  try {
    await putFiles(container, PATHS.in, await filesOf(request), { signal });
  } finally {
    await removeHelper(container);
  }
}

/** A helper that a killed predecessor has left goes first. */
async function createAnew(
  docker: Docker,
  { name, labels }: FillRequest['helper'],
  create: () => Promise<Docker.Container>,
): Promise<Docker.Container> {
  try {
    return await create();
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    const left = docker.getContainer(name);
    const found = readLabels((await left.inspect()).Config.Labels);
    if (found?.token !== readLabels(labels)?.token) throw error;
    await removeHelper(left);
    return create();
  }
}

const removeHelper = (container: Docker.Container): Promise<unknown> =>
  ask(ANSWER_MS.remove, (abortSignal) => container.remove({ force: true, abortSignal }));

async function filesOf({ run, files }: Pick<FillRequest, 'run' | 'files'>): Promise<FileToPut[]> {
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
