/** Names and places of trainer images: what is called how, and what lies where in one. */

/** Repository of the images that are built here. */
export const TRAINER_REPOSITORY = 'runner-trainer';
/** Repository of the base images that are made here where no registry has one. */
export const BASE_REPOSITORY = 'runner-base';
/** Where Node and the C library come from unless another base is named; Dockerfile.trainer says the same. */
export const DEFAULT_BASE = 'node:22-bookworm-slim';

export { IN_IMAGE } from '../../../src/isolation/trainer-image.js';

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
