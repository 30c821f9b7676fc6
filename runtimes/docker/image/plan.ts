import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { RunnerError } from '../../../src/contract/errors.js';
import type { Engine } from '../../../src/engine/engine.js';
import { ENGINE_MANIFEST, type FileRecord, readFinished } from '../../../src/engine/manifest.js';
import { DEFAULT_BASE, TRAINER_REPOSITORY } from './names.js';
import { readTrainerFiles, type TrainerFiles } from './trainer-files.js';

export const IMAGE_KINDS = ['cpu', 'gpu'] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

/** Raised with any change of what the context holds that its files do not show. */
const RECIPE = 1;

/** What the builder reads beside the trainer's files and the engine. */
const BUILD_FILES = ['Dockerfile.trainer', 'docker/collect-rootfs.sh', 'docker/check-image.mjs'] as const;

const packageSchema = z.object({ version: z.string(), homepage: z.string().optional() });
export type PackageIdentity = z.infer<typeof packageSchema>;

export interface BuildFile {
  readonly name: string;
  readonly content: Buffer;
}

/** An image that is there, or can be built. Equal plans have equal tags, and any difference in what goes in another. */
export interface ImagePlan {
  readonly kind: ImageKind;
  /** `runner-trainer:<kind>-<first 16 of the source digest>` */
  readonly tag: string;
  /** `sha256:<hex>` over all that goes in. */
  readonly sourceDigest: string;
  /** Base image as asked for. */
  readonly base: string;
  /** Version of the TensorFlow library. */
  readonly engineVersion: string;
  readonly package: PackageIdentity;
  readonly buildFiles: readonly BuildFile[];
  readonly trainerFiles: TrainerFiles;
  readonly engine: PlannedEngine;
}

export interface PlannedEngine {
  readonly dir: string;
  /** Relative to the folder. */
  readonly files: readonly FileRecord[];
}

export interface PlanImageOptions {
  readonly engine: Engine;
  readonly kind: ImageKind;
  /** Image to take Node and the C library from; default `node:22-bookworm-slim`. */
  readonly base?: string;
  /** Default: what this program came with. */
  readonly trainerFiles?: TrainerFiles;
}

/**
 * Names the image for an engine and this version of the trainer. Cheap, since every docker run asks: a few small
 * files are read, no large one, and no daemon is asked.
 * @throws RunnerError `engine-missing` or `image-build-failed`
 */
export async function planImage(options: PlanImageOptions): Promise<ImagePlan> {
  const { kind, base = DEFAULT_BASE } = options;
  if ((kind === 'gpu') !== (options.engine.name === 'tensorflow-gpu')) {
    throw new Error(`An image for ${kind} cannot have the engine ${options.engine.name}.`);
  }
  const trainerFiles = options.trainerFiles ?? (await readTrainerFiles());
  const buildFiles = await Promise.all(
    BUILD_FILES.map(async (name) => ({
      name,
      content: await readFile(join(trainerFiles.packageDir, name)),
    })),
  );
  const engine = plannedEngine(options.engine);
  const identityOfPackage = await readPackage(trainerFiles.packageDir);
  const identity = [
    RECIPE,
    kind,
    base,
    identityOfPackage,
    trainerFiles.sha256,
    buildFiles.map(({ name, content }) => [name, sha256(content)]),
    engine.files.map((file) => identityOf(engine.dir, file)),
  ];
  const digest = sha256(JSON.stringify(identity));
  return {
    kind,
    tag: `${TRAINER_REPOSITORY}:${kind}-${digest.slice(0, 16)}`,
    sourceDigest: `sha256:${digest}`,
    base,
    engineVersion: options.engine.version,
    package: identityOfPackage,
    ...{ buildFiles, trainerFiles, engine },
  };
}

/** What the labels say of where the image comes from. */
async function readPackage(dir: string): Promise<PackageIdentity> {
  return packageSchema.parse(JSON.parse(await readFile(join(dir, 'package.json'), 'utf8')));
}

/** @throws RunnerError `engine-missing` if it has been removed since it was found */
function plannedEngine({ bindingPath }: Engine): PlannedEngine {
  const dir = dirname(bindingPath);
  const manifest = readFinished(dir, ENGINE_MANIFEST);
  if (manifest !== undefined) return { dir, files: manifest.files };
  throw new RunnerError('engine-missing', `There is no finished engine in ${dir} any more.`);
}

/** By its hash, or, where the file is the user's own and was never read whole, by what tells another one apart. */
function identityOf(dir: string, { path, bytes, sha256: hash }: FileRecord): readonly unknown[] {
  return hash === null ? [path, bytes, statSync(realpathSync(join(dir, path))).mtimeMs] : [path, hash];
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
