import { EXIT } from '../../contract/errors.js';
import { formatDuration } from '../../report/format.js';
import { describeImage, nameOfImage, renderImageList } from '../../report/image-list.js';
import { printable } from '../../report/printable.js';
import { readSettings } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { setupReporter } from '../progress/setup.js';
import type { TrainerImage } from '../services.js';
import { byDefault } from '../settings.js';
import { listenForSignals, unlessAborted } from '../signals.js';
import type { Interruption } from '../signals.js';

export interface BuildFlags extends Flags {
  readonly base?: string;
  readonly force?: boolean;
  readonly gpu?: boolean;
}

/** `runner image build`: the image that `runner train --mode docker` of this version runs. */
export async function buildImage(context: CliContext, flags: BuildFlags): Promise<number> {
  const { base, force = false, gpu = false } = flags;
  const { io, output, services } = context;
  const { builder = byDefault('auto') } = await readSettings(context, flags, ['builder']);
  const { onSetup, finish } = setupReporter(io.stderr, io.env);
  using interruption = listen(context, finish);
  const { signal } = interruption;
  const onNotice = (text: string): void => {
    finish();
    output.note(printable(text));
  };
  try {
    const daemon = await unlessAborted(signal, () => services.connectDaemon({ env: io.env, signal }));
    const variant = gpu ? 'gpu' : 'cpu';
    const engine = await unlessAborted(signal, () =>
      services.prepareEngine({ variant, onProgress: onSetup, signal }),
    );
    const image = await daemon.ensureImage({
      ...{ engine, gpu, force, builder: builder.value, onProgress: onSetup, onNotice, signal },
      ...(base === undefined ? {} : { base }),
    });
    finish();
    const { tag, id, bytes, built, buildMs } = image;
    output.result({ tag, id, bytes, built, buildMs }, () => describeBuild(image, base));
    return EXIT.succeeded;
  } finally {
    finish();
  }
}

function describeBuild(image: TrainerImage, base: string | undefined): string {
  const what = image.built
    ? `Built ${describeImage(image)} in ${formatDuration(image.buildMs)}.`
    : `${describeImage(image)} is there already.`;
  // With another base it is another image than the one that a run would look for.
  return base === undefined ? what : `${what}\nTo run it: runner train --mode docker --image ${image.tag}`;
}

/** `runner image ls` */
export async function listImages(context: CliContext): Promise<number> {
  const { io, output, services } = context;
  using interruption = listen(context);
  const { signal } = interruption;
  const daemon = await services.connectDaemon({ env: io.env, signal });
  const images = await daemon.listImages({ signal });
  output.result({ daemon: daemon.address, images }, () =>
    images.length === 0
      ? `There are no images of runner's on the Docker daemon at ${daemon.address}.`
      : renderImageList(images),
  );
  return EXIT.succeeded;
}

/** `runner image rm [IMAGE...]` @returns 1 if one that was named is in use, and stays */
export async function removeImages(
  context: CliContext,
  names: readonly string[],
  { all = false }: { readonly all?: boolean },
): Promise<number> {
  const { io, output, services } = context;
  using interruption = listen(context);
  const { signal } = interruption;
  const daemon = await services.connectDaemon({ env: io.env, signal });
  const { removed, kept } = await daemon.removeImages({
    ...{ all, signal },
    ...(names.length === 0 ? {} : { names }),
  });
  output.result({ removed, kept }, () =>
    [
      ...removed.map((image) => `Removed ${nameOfImage(image)}.`),
      ...kept.map((image) => `Kept ${nameOfImage(image)}: containers use it.`),
      ...(removed.length + kept.length === 0 ? ['There was nothing to remove.'] : []),
    ].join('\n'),
  );
  return names.length > 0 && kept.length > 0 ? EXIT.runFailed : EXIT.succeeded;
}

const listen = ({ io, signals, clock }: CliContext, onFirst: () => void = () => undefined): Interruption =>
  listenForSignals(signals, { clock, onFirst, onSecond: (status) => io.exit(status) });
