/** What there is of Vulkan on this machine: its loader, and the manifests by which the loader finds drivers. */
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RunnerError } from '../../contract/errors.js';
import { runCommand } from '../provision/run-command.js';

export interface VulkanSurvey {
  /** What the dynamic linker says where the loader cannot be loaded; null where it can. */
  readonly loaderFailure: string | null;
  /** Manifests of drivers, in the order in which the loader reads them. */
  readonly drivers: readonly string[];
  /** Files and folders that were looked at for them. */
  readonly searched: readonly string[];
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export const VULKAN_LOADER = 'libvulkan.so.1';

/** Node loads any library, and then says of one that is no addon of its that it did not register itself. */
const SCRIPT = `
try {
  process.dlopen({ exports: {} }, '${VULKAN_LOADER}');
} catch ({ message }) {
  if (!message.includes('did not self-register')) console.log(message);
}
`;
const TIMEOUT_MS = 20_000;

/** Loads the loader, in a process of its own, and no driver. */
export async function surveyVulkan(surroundings: Surroundings): Promise<VulkanSurvey> {
  const { ok, stdout, output } = await runCommand([process.execPath, '-e', SCRIPT], surroundings, {
    timeoutMs: TIMEOUT_MS,
  });
  const failure = (ok ? stdout : output).trim();
  const searched = driverPlaces(surroundings.env);
  return {
    loaderFailure: failure === '' ? null : failure,
    drivers: searched.flatMap(manifestsAt),
    searched,
  };
}

/**
 * Where the loader looks for drivers on Linux (Khronos, LoaderDriverInterface.md, “Driver Discovery”).
 * @returns absolute files or folders
 */
export function driverPlaces(env: NodeJS.ProcessEnv, home: string = homedir()): readonly string[] {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES } = env;
  const chosen = listOf(VK_DRIVER_FILES ?? VK_ICD_FILENAMES);
  if (chosen.length > 0) return chosen;
  const folders = [
    env.XDG_CONFIG_HOME ?? join(home, '.config'),
    ...listOf(env.XDG_CONFIG_DIRS, '/etc/xdg'),
    ...['/usr/local/etc', '/etc'],
    env.XDG_DATA_HOME ?? join(home, '.local/share'),
    ...listOf(env.XDG_DATA_DIRS, '/usr/local/share:/usr/share'),
  ];
  return [...listOf(VK_ADD_DRIVER_FILES), ...folders.map((folder) => join(folder, 'vulkan/icd.d'))];
}

const listOf = (value: string | undefined, fallback = ''): string[] =>
  (value === undefined || value === '' ? fallback : value).split(':').filter((path) => path !== '');

/** What may not be looked at is not there, as the loader takes it: another place may have a driver. */
function manifestsAt(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => name.endsWith('.json'));
    return names.sort().map((name) => join(path, name));
  } catch {
    return [];
  }
}

/** @throws RunnerError `gpu-unavailable` where no driver could be reached, whatever the card */
export function checkVulkan({ loaderFailure, drivers, searched }: VulkanSurvey): void {
  if (loaderFailure !== null) {
    throw new RunnerError(
      'gpu-unavailable',
      `This machine has no Vulkan loader, through which the engine webgpu reaches a card: ${loaderFailure}.`,
      {
        hint: 'Install it with a driver: `apt-get install libvulkan1` or `dnf install vulkan-loader`. Or take --engine tensorflow.',
      },
    );
  }
  if (drivers.length > 0) return;
  throw new RunnerError(
    'gpu-unavailable',
    `There is a Vulkan loader here and no driver behind it: no manifest of one in ${searched.join(', ')}.`,
    {
      hint: "NVIDIA's driver brings its own (nvidia_icd.json); for AMD and Intel: `apt-get install mesa-vulkan-drivers`. Or take --engine tensorflow.",
    },
  );
}
