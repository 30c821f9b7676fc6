import type { UsedImage } from '../contract/run-outcome.js';
import { formatBytes, formatTime, shortId, table } from './format.js';
import { printable } from './printable.js';

export interface ListedImage {
  readonly tags: readonly string[];
  /** `sha256:<hex>` */
  readonly id: string;
  /** Unpacked. */
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** What it holds: `cpu`, `gpu`, or what only builds need. */
  readonly kind: string;
  /** Empty where it has no engine. */
  readonly engineVersion: string;
  /** Containers made of it, running or not. */
  readonly inUse: number;
}

/** One line a name of an image. */
export const renderImageList = (images: readonly ListedImage[]): string =>
  table([
    ['IMAGE', 'ID', 'KIND', 'ENGINE', 'SIZE', 'CONTAINERS', 'BUILT'],
    ...images.flatMap(({ tags, id, kind, engineVersion, bytes, inUse, createdAt }) =>
      (tags.length > 0 ? tags : ['–']).map((tag) => [
        printable(tag),
        shortId(id),
        kind,
        printable(engineVersion || '–'),
        formatBytes(bytes),
        String(inUse),
        formatTime(createdAt),
      ]),
    ),
  ]);

/** `runner-trainer:cpu-… (1a2b3c4d5e6f, 812 MB)` */
export const describeImage = ({ tag, id, bytes }: UsedImage): string =>
  `${printable(tag)} (${shortId(id)}, ${formatBytes(bytes)})`;

/** Its name, or its id where it has none. */
export const nameOfImage = ({ tags, id }: Pick<ListedImage, 'tags' | 'id'>): string =>
  printable(tags.length > 0 ? tags.join(', ') : shortId(id));
