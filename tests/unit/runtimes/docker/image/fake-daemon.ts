/** A daemon of a few images, as far as they are asked for. Every request is kept. */
import type Docker from 'dockerode';
import type { DaemonConnection } from '../../../../../runtimes/docker/connection/connection.js';

export interface FakeImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Created?: number;
  readonly Env?: readonly string[];
}

/** An error as dockerode throws it. */
export const statusError = (statusCode: number, message: string): Error =>
  Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${message} `), {
    statusCode,
    json: { message },
  });

export interface FakeDaemon {
  readonly connection: DaemonConnection;
  readonly requests: readonly string[];
  readonly images: FakeImage[];
}

export function fakeDaemon(
  images: FakeImage[],
  {
    containers = [],
    pull = () => Promise.reject(statusError(404, 'manifest unknown')),
    version = { Os: 'linux', Arch: process.arch === 'x64' ? 'amd64' : process.arch },
  }: {
    readonly containers?: readonly { readonly ImageID: string }[];
    readonly pull?: (name: string) => Promise<AsyncIterable<string>>;
    readonly version?: { readonly Os: string; readonly Arch: string };
  } = {},
): FakeDaemon {
  const requests: string[] = [];
  const find = (name: string): FakeImage => {
    const found = images.find(({ Id, RepoTags }) => Id === name || RepoTags?.includes(name));
    if (found === undefined) throw statusError(404, `No such image: ${name}`);
    return found;
  };
  const asked = async <T>(request: string, answer: () => T): Promise<T> => {
    requests.push(request);
    return Promise.resolve().then(answer);
  };
  const docker = {
    getImage: (name: string) => ({
      inspect: () =>
        asked(`inspect ${name}`, () => {
          const { Labels, Env, ...rest } = find(name);
          return { ...rest, Size: 1000, Config: { Labels, Env } };
        }),
      remove: () =>
        asked(`remove ${name}`, () => {
          const image = find(name);
          if (containers.some(({ ImageID }) => ImageID === image.Id)) throw statusError(409, 'conflict');
          const left = (image.RepoTags ?? []).filter((tag) => tag !== name);
          const rest = image.Id === name || left.length === 0 ? [] : [{ ...image, RepoTags: left }];
          images.splice(images.indexOf(image), 1, ...rest);
        }),
    }),
    listImages: ({ filters }: { filters: { label: readonly string[] } }) =>
      asked(`list ${filters.label.join(' ')}`, () =>
        images
          .filter(({ Labels }) => filters.label.every((label) => label in (Labels ?? {})))
          .map((image) => ({ Created: 0, Size: 1000, ...image })),
      ),
    listContainers: () => asked('containers', () => containers),
    pull: (name: string) => asked(`pull ${name}`, () => pull(name)),
    version: () => asked('version', () => version),
  };
  const connection = { docker: docker as unknown as Docker, address: 'tcp://host:1', source: 'DOCKER_HOST' };
  return { connection, requests, images };
}
