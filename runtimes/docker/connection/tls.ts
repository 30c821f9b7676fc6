/** Certificates for a daemon over TLS: from the environment or from a docker context. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, isErrno } from '../../../src/common/errors.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { dockerConfigFolder, type DockerContext, nonEmpty } from './docker-context.js';

/** PEM texts as Node's TLS takes them. */
export interface Tls {
  /** The authority to trust; the system's where it is absent. */
  readonly ca?: Buffer;
  /** Who we are: both or neither. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Whether the daemon's certificate is checked. */
  readonly verify: boolean;
}

/**
 * TLS as the environment asks for it: DOCKER_TLS_VERIFY checks the daemon's certificate, DOCKER_TLS does not; the
 * files are in DOCKER_CERT_PATH or else in the docker command's folder. Any value but the empty one counts as set.
 * @returns undefined where it asks for none
 * @throws RunnerError `daemon-unreachable`
 */
export async function tlsOfEnvironment(env: NodeJS.ProcessEnv): Promise<Tls | undefined> {
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  if (!verify && !env.DOCKER_TLS) return undefined;
  const folder = nonEmpty(env.DOCKER_CERT_PATH) ?? dockerConfigFolder(env);
  const variable = verify ? 'DOCKER_TLS_VERIFY' : 'DOCKER_TLS';
  const source = `${variable}=${env[variable] ?? ''} asks for TLS`;
  const hint = 'Point DOCKER_CERT_PATH at the folder with ca.pem, cert.pem and key.pem.';
  const files = await readFiles(folder, source, hint);
  if (verify && files.ca === undefined) throw lacking(source, join(folder, 'ca.pem'), hint);
  return { ...files, verify };
}

/** @returns undefined where the context has no certificates and does not ask to go without */
export async function tlsOfContext({
  name,
  skipTlsVerify,
  tlsFolder,
}: Omit<DockerContext, 'host'>): Promise<Tls | undefined> {
  const source = `The docker context "${name}" uses TLS`;
  const hint = 'Make the context anew: `docker context create --docker host=…,ca=…,cert=…,key=…`.';
  const files = await readFiles(tlsFolder, source, hint);
  if (Object.keys(files).length === 0 && !skipTlsVerify) return undefined;
  return { ...files, verify: !skipTlsVerify };
}

async function readFiles(folder: string, source: string, hint: string): Promise<Omit<Tls, 'verify'>> {
  const read = async (name: string): Promise<Buffer | undefined> => {
    const path = join(folder, name);
    try {
      return await readFile(path);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      const message = `${source}, but ${path} cannot be read: ${describeError(error)}`;
      throw new RunnerError('daemon-unreachable', message, { cause: error, hint });
    }
  };
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map(read));
  if (cert === undefined && key !== undefined) throw lacking(source, join(folder, 'cert.pem'), hint);
  if (key === undefined && cert !== undefined) throw lacking(source, join(folder, 'key.pem'), hint);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

const lacking = (source: string, path: string, hint: string): RunnerError =>
  new RunnerError('daemon-unreachable', `${source}, but ${path} is not there.`, { hint });
