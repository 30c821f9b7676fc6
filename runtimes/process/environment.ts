/** Variables that a trainer needs of its surroundings. Everything else, credentials above all, stays here. */
const PASSED_ON = [
  ...['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LANGUAGE'],
  ...['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'],
  ...['TF_CPP_MIN_LOG_LEVEL', 'CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES', 'TF_FORCE_GPU_ALLOW_GROWTH'],
  // By which Vulkan's loader finds drivers, and a card is chosen: the child gets the one that was found before the run.
  ...['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES', 'DRI_PRIME'],
  // NVIDIA's layer, where the card is the second one of a notebook. __GLX_VENDOR_LIBRARY_NAME is OpenGL's alone.
  ...['__NV_PRIME_RENDER_OFFLOAD', '__NV_PRIME_RENDER_OFFLOAD_PROVIDER', '__VK_LAYER_NV_optimus'],
  ...['XDG_CONFIG_HOME', 'XDG_CONFIG_DIRS', 'XDG_DATA_HOME', 'XDG_DATA_DIRS'],
];
const PASSED_ON_PREFIXES = ['LC_', 'VK_LOADER_', 'MESA_VK_'];

export function childEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const isPassedOn = (name: string): boolean =>
    PASSED_ON.includes(name) || PASSED_ON_PREFIXES.some((prefix) => name.startsWith(prefix));
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && isPassedOn(entry[0]),
  );
  return Object.fromEntries(entries);
}
