import { readFileSync } from 'node:fs';
import { pack } from 'tar-stream';
import { IMAGE_LABELS, IN_IMAGE } from '../../../runtimes/docker/image/names.js';
import type { UsedImage } from '../../../src/contract/run-outcome.js';
import { docker } from '../../support/docker.js';
import { testImage } from './image.js';

const REPOSITORY = 'runner-test/fault';
const HOOK = new URL('../programs/fault.mjs', import.meta.url);
const made = new Map<string, Promise<UsedImage>>();

/**
 * An image with the real trainer, which goes wrong in a way that programs/fault.mjs names. Made once a file of tests,
 * which must `removeFaultImages` in the end.
 */
export function faultImage(fault: string, options: FaultImageOptions = {}): Promise<UsedImage> {
  const image = made.get(fault) ?? make(fault, options);
  made.set(fault, image);
  return image;
}

export async function removeFaultImages(): Promise<void> {
  const client = await docker();
  for (const image of made.values()) await client.getImage((await image).tag).remove({ force: true });
  made.clear();
}

export interface FaultImageOptions {
  /** Whether the command takes it for a trainer's image, as `--image` has to name one. */
  readonly isListed?: boolean;
}

/** By a commit and not by a build: it takes a tenth of the time. */
async function make(fault: string, { isListed = false }: FaultImageOptions): Promise<UsedImage> {
  const client = await docker();
  const { id, bytes } = await testImage();
  const container = await client.createContainer({ Image: id });
  try {
    const archive = pack();
    archive.entry({ name: 'fault.mjs' }, readFileSync(HOOK));
    archive.finalize();
    await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: '/' });
    const tag = fault.replaceAll(/[^a-zA-Z0-9]+/g, '-').toLowerCase();
    const changes = [
      `ENV RUNNER_TEST_FAULT=${JSON.stringify(fault)}`,
      `ENTRYPOINT ${JSON.stringify([IN_IMAGE.node, '--import', '/fault.mjs', IN_IMAGE.main])}`,
      // Else it is none of those that the image commands look after.
      ...(isListed ? [] : [`LABEL ${IMAGE_LABELS.managed}=`]),
    ];
    const options = { repo: REPOSITORY, tag, changes: changes.join('\n') };
    const committed = (await container.commit(options)) as { Id: string };
    return { tag: `${REPOSITORY}:${tag}`, id: committed.Id, bytes };
  } finally {
    await container.remove();
  }
}
