/** Names and places of trainer images: what is called how, and what lies where in one. */

/** Repository of the images that are built here. */
export const TRAINER_REPOSITORY = 'runner-trainer';
/** Repository of the base images that are made here where no registry has one. */
export const BASE_REPOSITORY = 'runner-base';
/** Where Node and the C library come from unless another base is named; Dockerfile.trainer says the same. */
export const DEFAULT_BASE = 'node:22-bookworm-slim';

/** In a trainer image; Dockerfile.trainer puts it there. */
export const IN_IMAGE = {
  /** As HostConfig and Dockerfile want it. */
  user: '10001:10001',
  uid: 10001,
  node: '/usr/local/bin/node',
  app: '/opt/runner/app',
  /** The trainer program. */
  main: '/opt/runner/app/dist/src/trainer/main.js',
  engine: '/opt/runner/engine',
  /** Loads all that a trainer loads: `node check APP ENGINE`. */
  check: '/opt/runner/check-image.mjs',
  in: '/in',
  out: '/out',
  tmp: '/tmp',
} as const;

export const IMAGE_LABELS = {
  /** On every trainer image, and on what a build leaves when it fails after its first stage. */
  managed: 'runner.managed-image',
  /** On what a build leaves of its first stage. */
  stage: 'runner.image-stage',
  /** On base images made here. */
  base: 'runner.managed-base',
  sourceDigest: 'runner.source-digest',
  /** cpu or gpu. */
  engine: 'runner.engine',
  engineVersion: 'runner.engine-version',
  nodeVersion: 'runner.node-version',
  /** Id of the base image that it was built on. */
  baseId: 'runner.base-id',
  baseName: 'org.opencontainers.image.base.name',
} as const;
