/** A daemon that holds containers and volumes, as far as clearing it takes. What is removed is gone. */
import type { DaemonConnection } from '../../../../runtimes/docker/connection/connection.js';

export interface FakeContainer {
  readonly Id: string;
  readonly Names: readonly string[] | null;
  readonly Labels: Readonly<Record<string, string>> | null;
  /** Status of the answer to its removal. */
  readonly refuses?: number;
}
export interface FakeVolume {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly refuses?: number;
}

export const statusError = (statusCode: number, message = 'no'): Error =>
  Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${message} `), {
    statusCode,
    json: { message },
  });

type Filters = { readonly filters: { readonly label: readonly string[] } };

export function fakeThings(things: {
  containers?: readonly FakeContainer[];
  volumes?: readonly FakeVolume[] | null;
}) {
  const containers = [...(things.containers ?? [])];
  const volumes = things.volumes === null ? [] : [...(things.volumes ?? [])];
  const removed: string[] = [];
  const isOf = (labels: Readonly<Record<string, string>> | null, { filters }: Filters): boolean =>
    filters.label.every((label) => {
      const [name = '', value = ''] = label.split('=');
      return labels?.[name] === value;
    });
  /** By id or by name. */
  const at = (id: string): number =>
    containers.findIndex(({ Id, Names }) => Id === id || Names?.includes(`/${id}`) === true);
  const found = (index: number): number => {
    if (index === -1) throw statusError(404);
    return index;
  };
  const docker = {
    listContainers: (options: Filters & { all?: boolean }) =>
      Promise.resolve(
        containers
          .filter(({ Labels }) => options.all === true && isOf(Labels, options))
          .map((container) => ({ ImageID: 'sha256:image', ...container })),
      ),
    listVolumes: (options: Filters) =>
      Promise.resolve({
        Volumes: things.volumes === null ? null : volumes.filter(({ Labels }) => isOf(Labels, options)),
      }),
    getContainer: (id: string) => ({
      inspect: async () => {
        const { Id, Labels } = containers[found(at(id))]!;
        return Promise.resolve({ Id, Config: { Labels } });
      },
      remove: async (options: object) => {
        const index = found(at(id));
        const { refuses, Id } = containers[index]!;
        if (refuses !== undefined) throw statusError(refuses);
        containers.splice(index, 1);
        removed.push(`container ${Id} ${JSON.stringify({ ...options, abortSignal: undefined })}`);
        return Promise.resolve();
      },
    }),
    getVolume: (name: string) => ({
      inspect: async () =>
        Promise.resolve({ Labels: volumes[found(volumes.findIndex(({ Name }) => Name === name))]!.Labels }),
      remove: async () => {
        const index = found(volumes.findIndex(({ Name }) => Name === name));
        const { refuses } = volumes[index]!;
        if (refuses !== undefined) throw statusError(refuses);
        volumes.splice(index, 1);
        removed.push(`volume ${name}`);
        return Promise.resolve();
      },
    }),
    createVolume: async ({ Name, Labels }: FakeVolume) => {
      volumes.push({ Name, Labels });
      return Promise.resolve({});
    },
    createContainer: async ({ name, Labels }: { name: string; Labels: Record<string, string> }) => {
      if (at(name) !== -1)
        throw statusError(409, `The container name "/${name}" is already in use by container x`);
      containers.push({ Id: name, Names: [`/${name}`], Labels });
      return Promise.resolve({ id: name });
    },
  };
  const connection = { docker, address: 'unix:///x', source: 'DOCKER_HOST' } as unknown as DaemonConnection;
  return {
    connection,
    docker,
    removed,
    left: () => [...containers.map(({ Id }) => Id), ...volumes.map(({ Name }) => Name)],
  };
}
