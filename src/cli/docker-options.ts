/** The part of the table of settings (options.ts) that is about containers: of a Docker daemon, or of a cluster. */
import { DEFAULT_LIMITS } from '../contract/limits.js';
import { SIZE_FORM } from './quantities.js';
import { BUILDERS } from './setting-definition.js';
import type { SettingDefinition, Settings } from './setting-definition.js';

type DockerSetting = 'memory' | 'cpus' | 'pids' | 'shmSize' | 'image' | 'builder';

const IN_CONTAINERS = ['docker', 'kubernetes'] as const;

export const DOCKER_SETTINGS: { readonly [K in DockerSetting]: SettingDefinition<Settings[K]> } = {
  memory: {
    flag: '--memory <size>',
    env: 'RUNNER_MEMORY',
    only: IN_CONTAINERS,
    kind: 'size',
    expected: SIZE_FORM,
    schema: ({ limitsSchema }) => limitsSchema.shape.memoryBytes.unwrap(),
    help: 'memory of the container, without swap',
    fallback: DEFAULT_LIMITS.memoryBytes,
  },
  cpus: {
    flag: '--cpus <n>',
    env: 'RUNNER_CPUS',
    only: IN_CONTAINERS,
    kind: 'number',
    expected: 'a number of at least 0.01',
    schema: ({ z }) => z.number().min(0.01),
    help: 'processors of the container, in parts of one, too',
    fallback: 'threads',
  },
  pids: {
    flag: '--pids <n>',
    env: 'RUNNER_PIDS',
    only: ['docker'],
    kind: 'integer',
    expected: 'a whole number of at least 1',
    schema: ({ limitsSchema }) => limitsSchema.shape.pids.unwrap(),
    help: 'most processes and threads in the container',
    fallback: DEFAULT_LIMITS.pids,
  },
  shmSize: {
    flag: '--shm-size <size>',
    env: 'RUNNER_SHM_SIZE',
    only: IN_CONTAINERS,
    kind: 'size',
    expected: SIZE_FORM,
    schema: ({ limitsSchema }) => limitsSchema.shape.shmBytes.unwrap(),
    help: 'size of /dev/shm in the container',
    fallback: DEFAULT_LIMITS.shmBytes,
  },
  image: {
    flag: '--image <tag>',
    env: 'RUNNER_IMAGE',
    only: IN_CONTAINERS,
    kind: 'text',
    expected: 'the tag or id of an image',
    schema: ({ z }) => z.string().min(1).nullable(),
    help: 'trainer image to run, which must be there; a cluster pulls it',
    fallback: 'version',
  },
  builder: {
    flag: '--builder <name>',
    env: 'RUNNER_BUILDER',
    only: ['docker'],
    kind: 'text',
    expected: 'auto, classic or buildkit',
    schema: ({ z }) => z.enum(BUILDERS),
    help: 'what builds a missing image: classic, buildkit, or auto, as the daemon prefers',
    fallback: 'auto',
  },
};
