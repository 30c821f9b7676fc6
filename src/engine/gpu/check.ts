/** Whether a machine can train on the card that is asked for, before anything is fetched, built or begun. */
import { RunnerError } from '../../contract/errors.js';
import type { GpuRequest } from '../../contract/run-spec.js';
import { VERSION_FILE } from './driver.js';
import { isAtLeast, REQUIREMENTS } from './requirements.js';
import { type Card, type GpuSurvey, NO_SMI } from './survey.js';
import { idsIn, isCard, isPartOfCard, visibleCards } from './visible.js';

export interface GpuWish {
  readonly devices: GpuRequest['devices'];
  readonly memoryLimitBytes?: number | undefined;
  /** CUDA_VISIBLE_DEVICES, which cards named by id are not subject to. */
  readonly visible?: string | undefined;
}

/**
 * @returns the cards that the run will see; empty where nothing tells of them
 * @throws RunnerError `gpu-unavailable`, `gpu-driver-too-old`, `gpu-unknown`, `gpu-unsuitable` or `gpu-busy`
 */
export function checkGpu(survey: GpuSurvey, wish: GpuWish): readonly Card[] {
  checkDriver(survey);
  if (survey.cards === null) return [];
  const chosen = chooseCards(survey.cards, wish);
  // TensorFlow computes on the first that it sees.
  const [first] = chosen;
  if (first !== undefined) checkCard(first, wish);
  return chosen;
}

function checkDriver({ driver, cards, silence, vulkanLoader }: GpuSurvey): void {
  if (driver === null) {
    const vulkan =
      vulkanLoader === null
        ? ''
        : ` There is a Vulkan loader (${vulkanLoader}), but that is no driver: it only finds those that there are.`;
    throw new RunnerError(
      'gpu-unavailable',
      `This machine has no NVIDIA driver: ${missing(silence)}.${vulkan}`,
      { hint: INSTALL },
    );
  }
  if (!isAtLeast(driver, REQUIREMENTS.driver)) throw driverTooOld(driver);
  if (cards === null && silence !== null && BROKEN.test(silence)) {
    throw new RunnerError('gpu-unavailable', `The NVIDIA driver ${driver} does not answer: ${silence}.`, {
      hint: silence.includes('version mismatch')
        ? 'The driver was updated while it was loaded: restart the machine, or load its kernel modules anew.'
        : LOOK,
    });
  }
  if (cards === null || cards.length > 0) return;
  throw new RunnerError('gpu-unavailable', `The NVIDIA driver ${driver} is loaded and finds no card.`, {
    hint: LOOK,
  });
}

/** Where a driver shows, and does not. @param silence of nvidia-smi; null where it has answered and named none */
const missing = (silence: string | null): string =>
  silence === NO_SMI
    ? `there is neither ${VERSION_FILE} nor nvidia-smi`
    : `there is no ${VERSION_FILE} (${silence ?? 'nvidia-smi names none'})`;

export const driverTooOld = (driver: string): RunnerError =>
  new RunnerError(
    'gpu-driver-too-old',
    `The NVIDIA driver ${driver} is too old for CUDA ${REQUIREMENTS.cuda}, which the engine for GPUs is built with: ${REQUIREMENTS.driver} or newer is needed.`,
  );

/** What nvidia-smi says where it is there and gets no answer. */
const BROKEN = /version mismatch|Failed to initialize NVML|couldn't communicate/;

const LOOK =
  'Look at `nvidia-smi` and the kernel log (`dmesg | grep -i nvrm`): the card may be off, or given to another machine.';
const INSTALL = `Install NVIDIA's driver ${REQUIREMENTS.driver} or newer, or train on the processor: leave out --gpu, or take --gpu=prefer.`;

function chooseCards(cards: readonly Card[], { devices, visible }: GpuWish): readonly Card[] {
  const named = typeof devices === 'object' ? devices : idsIn(visible ?? '');
  // CUDA itself says whether there is such a part.
  if (named.some(isPartOfCard)) return [];
  if (typeof devices === 'object') {
    return devices.map((id) => {
      const found = cards.find((card) => isCard(id, card));
      if (found === undefined) throw unknown(`There is no GPU ${id}`, cards);
      return found;
    });
  }
  const shown = visibleCards(cards, visible);
  const wanted = devices === 'all' ? Math.max(1, shown.length) : devices;
  if (wanted <= shown.length) return shown.slice(0, wanted);
  const ofVariable = visible === undefined ? '' : `CUDA_VISIBLE_DEVICES is ${JSON.stringify(visible)}`;
  if (shown.length === 0) throw unknown(`${ofVariable}, which names no GPU`, cards);
  const asked = `${wanted} GPUs are asked for`;
  throw unknown(ofVariable === '' ? asked : `${asked}, and ${ofVariable}`, cards);
}

function unknown(what: string, cards: readonly Card[]): RunnerError {
  const list = cards.map(({ index, name, uuid }) => `${index} (${name}, ${uuid})`).join(', ');
  return new RunnerError('gpu-unknown', `${what}; this machine has ${list}.`);
}

function checkCard(card: Card, { memoryLimitBytes }: GpuWish): void {
  const { index, name, computeCapability, computeMode, freeBytes, memoryBytes } = card;
  const which = `GPU ${index} (${name})`;
  if (computeCapability !== null && !isAtLeast(computeCapability, REQUIREMENTS.computeCapability)) {
    throw new RunnerError(
      'gpu-unsuitable',
      `${which} has compute capability ${computeCapability}; the engine for GPUs has kernels from ${REQUIREMENTS.computeCapability} on.`,
    );
  }
  if (computeMode === 'Prohibited') {
    throw new RunnerError('gpu-busy', `${which} is set to compute nothing (compute mode Prohibited).`, {
      hint: `Let it: \`nvidia-smi -i ${index} -c DEFAULT\` as root.`,
    });
  }
  const needed = memoryLimitBytes ?? REQUIREMENTS.freeBytes;
  // A driver that does not tell its memory is no busy card.
  if (memoryBytes === 0 || freeBytes >= needed) return;
  const what = memoryLimitBytes === undefined ? 'training needs' : '--gpu-memory-limit allows';
  throw new RunnerError(
    'gpu-busy',
    `${which} has ${mib(freeBytes)} of its ${mib(memoryBytes)} free, and ${what} ${mib(needed)}.`,
  );
}

const mib = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`;
