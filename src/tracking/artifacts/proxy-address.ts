/** Addresses of MLflow's artifact proxy. */
import { RunnerError } from '../../contract/errors.js';
import { TrackingFailure } from '../mlflow/failure.js';

export interface ProxyAddress {
  /** The server that serves the artifacts: `http://host:port/prefix`. */
  readonly serverUrl: string;
  /** Of every path there: no slash at either end; may be empty. */
  readonly root: string;
}

const API = '/api/2.0/mlflow-artifacts';

/**
 * `mlflow-artifacts:/root` is served by the tracking server itself, `mlflow-artifacts://host:port/root` by another, by
 * the same scheme and below the same prefix: as MLflow's own client has it.
 * @param trackingUrl `http://host:port/prefix`
 * @throws RunnerError `artifact-store-unsupported`
 */
export function parseProxyUri(artifactUri: string, trackingUrl: string): ProxyAddress {
  const { host = '', path = '' } =
    /^mlflow-artifacts:(?:\/\/(?<host>[^/?#]*))?(?<path>\/.*)?$/is.exec(artifactUri)?.groups ?? {};
  const root = path.split('/').filter(Boolean).join('/');
  if (host === '') return { serverUrl: trackingUrl, root };
  const { protocol, pathname } = new URL(trackingUrl);
  // A host that is a number is a port whose host was left out.
  const url = `${protocol}//${host}`;
  if (/^\d+$|@/.test(host) || !URL.canParse(url)) {
    throw new RunnerError('artifact-store-unsupported', `The artifact URI ${artifactUri} names no host.`, {
      hint: 'Correct --artifacts-destination or --default-artifact-root of the tracking server.',
    });
  }
  return { serverUrl: `${url}${pathname.replace(/\/+$/, '')}`, root };
}

/** A name for each part of a path, whatever characters it has. */
const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** @param path from the root of the proxy */
export const artifactUrl = (path: string): string => `${API}/artifacts/${encodePath(path)}`;
export const LIST_URL = `${API}/artifacts`;
export const SERVER_INFO_URL = '/api/3.0/mlflow/server-info';
/** @param folder that the file goes to, from the root of the proxy */
export const multipartUrl = (step: 'create' | 'complete' | 'abort', folder: string): string =>
  `${API}/mpu/${step}/${encodePath(folder)}`;

/**
 * MLflow decodes a path again and again until it stays the same, and takes no `#`: what the name has of these would
 * be refused, or, worse, stored under another name.
 * @throws TrackingFailure `tracking-refused`
 */
export function checkStorable(path: string): void {
  if (!/#|%[0-9a-f]{2}|[\u0000-\u001f\u007f]/i.test(path)) return;
  throw new TrackingFailure(
    'tracking-refused',
    `MLflow's artifact proxy cannot hold a file by the name ${JSON.stringify(path)}.`,
    {
      clarity: 'refused',
      hint: 'Name it without #, control characters, and percent signs before two hexadecimal digits; or give the server an s3:// artifact root.',
    },
  );
}
