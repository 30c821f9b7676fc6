/** The pinned npm packages of the engine webgpu, and what is kept of them. */
import type { PinnedFile } from '../provision/wheels.js';

/** Of an npm package: the archive, and the members that are taken out of it by the names they get. */
export interface PinnedPackage extends Pick<
  PinnedFile,
  'project' | 'version' | 'title' | 'fileName' | 'bytes' | 'sha256'
> {
  readonly keeps: Readonly<Record<string, string>>;
}

export const DAWN_FILE = 'dawn.node';
export const BACKEND_FILE = 'tf-backend-webgpu.node.js';

export const DAWN_VERSION = '0.6.2';
/** That of tfjs-node, whose tfjs-core it registers its kernels with. */
export const BACKEND_VERSION = '4.22.0';

/** What the compiled binding asks for. */
export const OLDEST_GLIBC = '2.34';

/** It has binaries for macOS and Windows, too, which are not reached through Vulkan. */
export const WEBGPU_PLATFORMS: readonly string[] = ['linux-x64', 'linux-arm64'];

export const webgpuPackages = (platform: string): readonly PinnedPackage[] => [
  {
    project: 'webgpu',
    version: DAWN_VERSION,
    title: `WebGPU for Node (Dawn) ${DAWN_VERSION}`,
    fileName: `webgpu-${DAWN_VERSION}.tgz`,
    bytes: 51_264_151,
    sha256: '77a6be6513b9f7c2e94425620ce603efb38cdc5d0393e1b31a1b0c8479330ffd',
    keeps: {
      [`package/dist/${platform}/dawn.node`]: DAWN_FILE,
      'package/LICENSE.md': 'LICENSE-dawn.md',
    },
  },
  {
    project: '@tensorflow/tfjs-backend-webgpu',
    version: BACKEND_VERSION,
    title: `the WebGPU backend of tfjs ${BACKEND_VERSION}`,
    fileName: `tensorflow-tfjs-backend-webgpu-${BACKEND_VERSION}.tgz`,
    bytes: 2_979_748,
    sha256: 'e60089ded350de2a7ec0b367bd44c62a516da312d69a84a3f2e1aa3bb31c97e6',
    keeps: { 'package/dist/tf-backend-webgpu.node.js': BACKEND_FILE },
  },
];
