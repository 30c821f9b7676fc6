/** Removing what builds leave: images of single steps, which have no name. */
import type Docker from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isStatus } from '../connection/daemon-error.js';
import type { BuilderOutput } from './builder-output.js';
import { IMAGE_LABELS } from './names.js';

/** The classic builder ends a COPY before it notices that nobody listens; that of the library is 635 MB. */
const COPY_ENDS_MS = 30_000;
/** Any other step it ends at once, and clears up. */
const STEP_ENDS_MS = 5_000;
/** Between the end of the upload and the first that is heard of the builder. */
const BEGINS_MS = 1_000;
const ASK_EVERY_MS = 200;

const imageSchema = z.object({ RepoTags: z.array(z.string()).nullish(), Parent: z.string().optional() });

/**
 * Removes those images that have no name. What another image is made of, or a container uses, stays; what goes takes
 * the unnamed images below it along.
 * @param ids the newest first
 */
export async function removeUntagged(docker: Docker, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    try {
      const image = docker.getImage(id);
      const { RepoTags: tags } = imageSchema.parse(await image.inspect());
      if ((tags ?? []).length === 0) await image.remove();
    } catch (error) {
      // 404: gone with the one above it. 409: in use.
      if (!isStatus(error, 404, 409)) throw error;
    }
  }
}

/**
 * The same after a build that was cancelled: the builder may still be at its step, and make an image of it that
 * nobody is told of.
 * @param baseId what the build began with
 */
export async function removeOfCancelled(
  docker: Docker,
  { made, step }: Pick<BuilderOutput, 'made' | 'step'>,
  baseId: string,
): Promise<void> {
  const [newest] = made;
  const parent = newest === undefined ? baseId : `sha256:${newest}`;
  const isCopy = /^COPY\b/i.test(step?.instruction ?? '');
  const giveUpAt =
    performance.now() + (newest === undefined ? BEGINS_MS : isCopy ? COPY_ENDS_MS : STEP_ENDS_MS);
  while (performance.now() < giveUpAt) {
    const unheardOf = await childOf(docker, parent);
    if (unheardOf !== undefined) await removeUntagged(docker, [unheardOf, ...made]);
    // Without its parent a COPY would go on all the same, and could not be told from another's.
    else if (!isCopy) await removeUntagged(docker, made);
    const isOver = newest === undefined ? unheardOf !== undefined : !(await isThere(docker, newest));
    if (isOver) break;
    await sleep(ASK_EVERY_MS);
  }
  await removeUntagged(docker, made);
}

/** The unnamed image that was made upon another by the next step of its build. */
async function childOf(docker: Docker, parent: string): Promise<string | undefined> {
  const lists = await Promise.all(
    [IMAGE_LABELS.managed, IMAGE_LABELS.stage].map((label) =>
      docker.listImages({ filters: { dangling: ['true'], label: [label] } }),
    ),
  );
  for (const { Id: id } of lists.flat()) {
    const found = await inspectIfThere(docker, id);
    if (found?.Parent?.startsWith(parent) === true) return id;
  }
  return undefined;
}

const isThere = async (docker: Docker, id: string): Promise<boolean> =>
  (await inspectIfThere(docker, id)) !== undefined;

async function inspectIfThere(docker: Docker, id: string): Promise<z.infer<typeof imageSchema> | undefined> {
  try {
    return imageSchema.parse(await docker.getImage(id).inspect());
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}
