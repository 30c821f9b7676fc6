/** The files that the trainer program needs to run, as scripts/lib/trainer-files.mjs has listed them in the build. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { describeError } from '../../../src/common/errors.js';
import { describeIssues } from '../../../src/common/parse.js';
import { RunnerError } from '../../../src/contract/errors.js';

const MANIFEST = 'trainer-files.json';
/** Lies in the package's own folder, in a checkout and where it is installed. */
const MARK = 'Dockerfile.trainer';

const manifestSchema = z.object({
  platform: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.int().min(0), sha256: z.string() })),
});

export interface TrainerFile {
  /** As in the image's app folder: `dist/…` or `node_modules/…`. */
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface TrainerFiles {
  /** Folder of Dockerfile.trainer and docker/. */
  readonly packageDir: string;
  /** Folder that `dist/` stands for. */
  readonly buildDir: string;
  /** Platform that the native modules among the files are for, e.g. `linux-x64`. */
  readonly platform: string;
  readonly files: readonly TrainerFile[];
  /** Hex, over the whole list. */
  readonly sha256: string;
}

/**
 * @param from a module of the build, or of its sources: then the current build is meant
 * @throws RunnerError `image-build-failed` if the build has no such list
 */
export async function readTrainerFiles(from: string = import.meta.url): Promise<TrainerFiles> {
  const buildDir = findAbove(from, (folder) => [folder, join(folder, 'dist')], MANIFEST);
  const packageDir = findAbove(from, (folder) => [folder], MARK);
  const path = join(buildDir, MANIFEST);
  const text = await readFile(path);
  const manifest = parse(text.toString('utf8'), path);
  return { packageDir, buildDir, ...manifest, sha256: createHash('sha256').update(text).digest('hex') };
}

/**
 * Where a file of the list lies. An installed package brings the trainer's own copy of packages along
 * (scripts/package.mjs), since npm may have installed other versions of them; a checkout has them in node_modules.
 */
export function locateTrainerFile({ buildDir, packageDir }: TrainerFiles, path: string): string | undefined {
  const [place, ...rest] = path.split('/');
  const candidates =
    place === 'dist'
      ? [join(buildDir, ...rest)]
      : [join(buildDir, 'trainer-modules', ...rest), join(packageDir, path)];
  return candidates.find((candidate) => existsSync(candidate));
}

/** The nearest folder above a module that holds a file, links resolved: a build stays what it is under a link. */
function findAbove(from: string, candidates: (folder: string) => readonly string[], file: string): string {
  for (let folder = dirname(fileURLToPath(from)); ; folder = dirname(folder)) {
    const found = candidates(folder).find((candidate) => existsSync(join(candidate, file)));
    if (found !== undefined) return realpathSync(found);
    if (dirname(folder) === folder) {
      throw new RunnerError('image-build-failed', `This installation has no ${file} to build an image of.`, {
        hint: 'Install the package anew; in a checkout, `npm run build` makes it.',
      });
    }
  }
}

function parse(text: string, path: string): z.infer<typeof manifestSchema> {
  const fail = (why: string, cause: unknown): never => {
    throw new RunnerError('image-build-failed', `${path} is no list of files: ${why}.`, {
      ...{ cause, hint: 'Install the package anew; in a checkout, remove .builds and run `npm run build`.' },
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(describeError(error), error);
  }
  const result = manifestSchema.safeParse(value);
  return result.success ? result.data : fail(describeIssues(result.error), result.error);
}
