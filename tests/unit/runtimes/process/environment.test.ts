import { describe, expect, it } from 'vitest';
import { childEnvironment } from '../../../../runtimes/process/environment.js';

describe('the environment of a trainer', () => {
  it('is what it needs of its surroundings', () => {
    const env = {
      ...{
        PATH: '/bin',
        HOME: '/home/u',
        TMPDIR: '/t',
        TZ: 'UTC',
        LANG: 'de_DE.UTF-8',
        LC_ALL: 'C',
        LC_TIME: 'C',
      },
      ...{
        NODE_OPTIONS: '--max-old-space-size=512',
        NODE_EXTRA_CA_CERTS: '/ca.pem',
        LD_LIBRARY_PATH: '/lib',
      },
      ...{ TF_CPP_MIN_LOG_LEVEL: '2', CUDA_VISIBLE_DEVICES: '0' },
      ...{ VK_DRIVER_FILES: '/a.json', VK_ICD_FILENAMES: '/a.json', VK_LOADER_DRIVERS_SELECT: '*radeon*' },
      ...{ MESA_VK_DEVICE_SELECT: '1002:744c', DRI_PRIME: '1' },
      ...{ __NV_PRIME_RENDER_OFFLOAD: '1', __NV_PRIME_RENDER_OFFLOAD_PROVIDER: 'NVIDIA-G0' },
      ...{ __VK_LAYER_NV_optimus: 'NVIDIA_only' },
    };
    expect(childEnvironment(env)).toEqual(env);
  });

  it.each([
    ...[
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'GITHUB_TOKEN',
      'NPM_TOKEN',
      'HF_TOKEN',
    ],
    ...['MLFLOW_TRACKING_PASSWORD', 'MLFLOW_TRACKING_URI', 'DATABASE_URL', 'KUBECONFIG', 'DOCKER_HOST'],
    ...['DOCKER_CERT_PATH', 'SSH_AUTH_SOCK', 'HTTP_PROXY', 'HTTPS_PROXY', 'https_proxy', 'XDG_RUNTIME_DIR'],
    ...['__GLX_VENDOR_LIBRARY_NAME', '__NV_PRIME', 'NV_API_KEY'],
    ...[
      'TF_ENABLE_ONEDNN_OPTS',
      'ONEDNN_MAX_CPU_ISA',
      'LD_PRELOAD',
      'RUNNER_RUNS_DIR',
      'path',
      'LC',
      'XLC_ALL',
    ],
  ])('does not hold %s', (name) => {
    expect(childEnvironment({ PATH: '/bin', [name]: 'secret' })).toEqual({ PATH: '/bin' });
  });

  it('has no variable that is not set', () => {
    expect(childEnvironment({ PATH: undefined, HOME: '' })).toEqual({ HOME: '' });
  });
});
