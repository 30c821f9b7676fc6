/** The images that runner has built on a daemon: which there are, and removing them. */
import type Docker from 'dockerode';
import { RunnerError } from '../../../src/contract/errors.js';
import { ANSWER_MS } from '../connection/answer-times.js';
import type { DaemonConnection } from '../connection/connection.js';
import { isStatus, toDaemonError } from '../connection/daemon-error.js';
import { withDeadline } from '../connection/deadline.js';
import { BASE_REPOSITORY, IMAGE_LABELS, TRAINER_REPOSITORY } from './names.js';
import { removeUntagged } from './remove-untagged.js';

/** A build that goes on elsewhere must keep its layers; none takes so long. */
const LEFT_AFTER_MS = 3_600_000;

export interface ListedImage {
  /** None for what a build has left that failed. */
  readonly tags: readonly string[];
  readonly id: string;
  /** Unpacked; layers that several images share are counted in each. */
  readonly bytes: number;
  /** Milliseconds since the Unix epoch, by the daemon's clock. */
  readonly createdAt: number;
  readonly kind: 'cpu' | 'gpu' | 'base' | 'unfinished';
  /** Empty where the image does not say. */
  readonly engineVersion: string;
  readonly nodeVersion: string;
  readonly sourceDigest: string;
  /** Containers made of it, running or not. */
  readonly inUse: number;
}

export interface ManageOptions {
  readonly signal?: AbortSignal;
}

/** The images of ours, the newest first. */
export async function listImages(
  connection: DaemonConnection,
  { signal = new AbortController().signal }: ManageOptions = {},
): Promise<readonly ListedImage[]> {
  const { docker } = connection;
  try {
    const [containers, ...lists] = await withDeadline(signal, ANSWER_MS.image, (abortSignal) =>
      Promise.all([
        docker.listContainers({ all: true, abortSignal }),
        ...OUR_LABELS.map((label) => docker.listImages({ filters: { label: [label] }, abortSignal })),
      ]),
    );
    const used = new Map<string, number>();
    for (const { ImageID } of containers) used.set(ImageID, (used.get(ImageID) ?? 0) + 1);
    const infos = new Map(lists.flat().map((info) => [info.Id, info]));
    return [...infos.values()]
      .map((info) => toListed(info, used.get(info.Id) ?? 0))
      .filter(isOurs)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  } catch (error) {
    signal.throwIfAborted();
    throw toDaemonError(error, connection, 'its images');
  }
}

const OUR_LABELS = [IMAGE_LABELS.managed, IMAGE_LABELS.stage, IMAGE_LABELS.base];

function toListed(info: Docker.ImageInfo, inUse: number): ListedImage {
  // Docker says null where there are none.
  const labels = (info.Labels as Record<string, string> | null) ?? {};
  const tags = ((info.RepoTags as string[] | null | undefined) ?? []).filter(
    (tag) => tag !== '<none>:<none>',
  );
  return {
    tags,
    id: info.Id,
    bytes: info.Size,
    createdAt: info.Created * 1000,
    kind: kindOf(tags, labels[IMAGE_LABELS.engine]),
    engineVersion: labels[IMAGE_LABELS.engineVersion] ?? '',
    nodeVersion: labels[IMAGE_LABELS.nodeVersion] ?? '',
    sourceDigest: labels[IMAGE_LABELS.sourceDigest] ?? '',
    inUse,
  };
}

function kindOf(tags: readonly string[], engine: string | undefined): ListedImage['kind'] {
  if (tags.some((tag) => tag.startsWith(`${BASE_REPOSITORY}:`))) return 'base';
  return engine === 'cpu' || engine === 'gpu' ? engine : 'unfinished';
}

/** Labels are inherited: an image of the user's own upon one of ours has them, too, but a name of its own. */
const isOurs = ({ tags }: ListedImage): boolean => tags.length === 0 || tags.some(isOurTag);
const isOurTag = (tag: string): boolean =>
  tag.startsWith(`${TRAINER_REPOSITORY}:`) || tag.startsWith(`${BASE_REPOSITORY}:`);

export interface RemoveImagesOptions extends ManageOptions {
  /** Tags, or beginnings of ids; default: all of ours. */
  readonly names?: readonly string[];
  /** Tags that stay, whatever is named. */
  readonly keep?: readonly string[];
}

export interface RemovedImages {
  readonly removed: readonly ListedImage[];
  /** Those that containers use. */
  readonly kept: readonly ListedImage[];
}

/**
 * Removes images of ours, but not from under containers. Of an image that has names of the user's own as well only
 * our names are taken away.
 * @throws RunnerError `image-missing` if a name is that of no image of ours, `usage` if it fits several
 */
export async function removeImages(
  connection: DaemonConnection,
  { names, keep = [], signal = new AbortController().signal }: RemoveImagesOptions = {},
): Promise<RemovedImages> {
  const ours = await listImages(connection, { signal });
  const meant = names === undefined ? ours : names.map((name) => findListed(ours, name));
  const removed: ListedImage[] = [];
  const kept: ListedImage[] = [];
  for (const image of new Set(meant)) {
    if (image.tags.some((tag) => keep.includes(tag))) continue;
    const gone = image.inUse === 0 && (await remove(connection, image, signal));
    (gone ? removed : kept).push(image);
  }
  return { removed, kept };
}

function findListed(images: readonly ListedImage[], name: string): ListedImage {
  const id = name.startsWith('sha256:') ? name : `sha256:${name}`;
  const found = images.filter((image) => image.tags.includes(name) || image.id.startsWith(id));
  const [image, other] = found;
  if (image === undefined) {
    throw new RunnerError('image-missing', `There is no image ${name} of runner's on the Docker daemon.`, {
      hint: '`runner image ls` lists those there are.',
    });
  }
  if (other === undefined) return image;
  throw new RunnerError('usage', `${name} fits ${found.length} images.`, {
    hint: 'Give more characters of the id, or a tag of `runner image ls`.',
  });
}

/** @returns false if a container has come to use it */
async function remove(
  connection: DaemonConnection,
  { tags, id }: ListedImage,
  signal: AbortSignal,
): Promise<boolean> {
  const names = tags.length === 0 ? [id] : tags.filter(isOurTag);
  try {
    for (const name of names) {
      await withDeadline(signal, ANSWER_MS.removeImage, (abortSignal) =>
        connection.docker.getImage(name).remove({ abortSignal }),
      );
    }
    return true;
  } catch (error) {
    // 404: somebody else was faster.
    if (isStatus(error, 404)) return true;
    if (isStatus(error, 409)) return false;
    signal.throwIfAborted();
    throw toDaemonError(error, connection, `image ${names.join(', ')}`);
  }
}

/** Removes what builds have left that were killed together with their runner. */
export async function removeLeftImages(connection: DaemonConnection, signal: AbortSignal): Promise<void> {
  const before = Date.now() - LEFT_AFTER_MS;
  const left = (await listImages(connection, { signal })).filter(
    ({ tags, createdAt }) => tags.length === 0 && createdAt < before,
  );
  await removeUntagged(
    connection.docker,
    left.map(({ id }) => id),
  );
}
