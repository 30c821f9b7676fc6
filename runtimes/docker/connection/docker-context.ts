/** Contexts of the `docker` command: which one is current, and where its daemon is. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, isErrno } from '../../../src/common/errors.js';
import { describeIssues } from '../../../src/common/parse.js';
import { RunnerError } from '../../../src/contract/errors.js';

export interface DockerContext {
  readonly name: string;
  /** As in DOCKER_HOST. */
  readonly host: string;
  readonly skipTlsVerify: boolean;
  /** Folder that may hold ca.pem, cert.pem and key.pem. */
  readonly tlsFolder: string;
}

/** Other keys are the docker command's own affair. */
const configSchema = z.object({ currentContext: z.string().optional() });
const metaSchema = z.object({
  Endpoints: z.object({
    docker: z.object({ Host: z.string().optional(), SkipTLSVerify: z.boolean().optional() }),
  }),
});

/** The docker command's folder. */
export const dockerConfigFolder = (env: NodeJS.ProcessEnv): string =>
  nonEmpty(env.DOCKER_CONFIG) ?? join(homeFolder(env), '.docker');

export const homeFolder = (env: NodeJS.ProcessEnv): string => nonEmpty(env.HOME) ?? homedir();

/** To the docker command a variable, or a name in its configuration, that is empty is none. */
export const nonEmpty = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

/** Name of the current context by the configuration file; undefined where that names none, or is not there. */
export async function currentContext(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = join(dockerConfigFolder(env), 'config.json');
  const config = await readJson(file, configSchema, `The docker command's configuration ${file}`);
  return config?.currentContext;
}

/** @throws RunnerError `daemon-unreachable` if there is no such context, or it cannot be read */
export async function readContext(
  env: NodeJS.ProcessEnv,
  name: string,
  source: string,
): Promise<DockerContext> {
  const contexts = join(dockerConfigFolder(env), 'contexts');
  // The docker command names the folders so.
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(contexts, 'meta', id, 'meta.json');
  const meta = await readJson(file, metaSchema, `The docker context "${name}" (${file})`);
  if (meta === undefined) {
    throw new RunnerError(
      'daemon-unreachable',
      `There is no docker context "${name}", which ${source} names.`,
      {
        hint: '`docker context ls` lists those that there are; without DOCKER_CONTEXT, `docker context use default` takes the default.',
      },
    );
  }
  const { Host: host = '', SkipTLSVerify: skipTlsVerify = false } = meta.Endpoints.docker;
  return { name, host, skipTlsVerify, tlsFolder: join(contexts, 'tls', id, 'docker') };
}

/** @returns undefined if there is no such file */
async function readJson<T>(file: string, schema: z.ZodType<T>, what: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw unusable(what, describeError(error), error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(what, describeError(error), error);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw unusable(what, describeIssues(parsed.error), parsed.error);
  return parsed.data;
}

const unusable = (what: string, why: string, cause: unknown): RunnerError =>
  new RunnerError('daemon-unreachable', `${what} cannot be read: ${why}`, {
    cause,
    hint: 'Mend the file, or set DOCKER_HOST, which goes before it.',
  });
