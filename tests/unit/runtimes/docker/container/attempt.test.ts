import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DaemonConnection } from '../../../../../runtimes/docker/connection/connection.js';
import { Journal } from '../../../../../runtimes/docker/container/journal.js';
import { createDockerRuntime } from '../../../../../runtimes/docker/index.js';
import type { RunSpec } from '../../../../../src/contract/run-spec.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { CLOCK, SPEC } from '../../../orchestrator/specs.js';
import { statusError } from '../image/fake-daemon.js';

const TAG = 'runner-trainer:cpu-0123456789abcdef';
const IMAGE = { tag: TAG, id: `sha256:${'a'.repeat(64)}`, bytes: 812 };

/** A daemon that has the image, and nothing else; it makes no volumes. */
const connection = {
  ...{ address: 'unix:///x', source: 'default' },
  docker: {
    getImage: (name: string) => ({
      inspect: () =>
        name === TAG
          ? Promise.resolve({
              Id: IMAGE.id,
              Size: IMAGE.bytes,
              Config: { Labels: { 'runner.managed-image': '1' } },
            })
          : Promise.reject(statusError(404, `No such image: ${name}`)),
    }),
    getContainer: () => ({ inspect: () => Promise.reject(statusError(404, 'No such container')) }),
    listContainers: () => Promise.resolve([]),
    createVolume: () => Promise.reject(statusError(400, 'no volumes today')),
  },
} as unknown as DaemonConnection;

/** Takes over a run whose process was killed before the first line of its journal. */
async function takeOver(container: RunSpec['container']) {
  const directory = temporaryDirectory();
  const runDir = join(directory.path, 'run');
  mkdirSync(runDir);
  const job = { dataFiles: () => Promise.resolve([]) };
  const runtime = createDockerRuntime({ connection, image: undefined, job, clock: CLOCK, owner: 'h/1/1' });
  const spec: RunSpec = { ...SPEC, mode: 'docker', ...(container && { container }) };
  const options = { signal: new AbortController().signal, onEvent: () => undefined };
  const error = await runtime
    .run({ runId: 'r', runDir, spec, evaluate: false }, options)
    .catch((thrown: unknown) => thrown);
  return {
    error,
    intent: () => Journal.open(join(runDir, 'journal.ndjson'), CLOCK).find('intent'),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

describe('a run that was left before the first line of its journal', () => {
  it('goes on in the image that its spec names', async () => {
    using taken = await takeOver({ image: TAG });
    expect(taken.error).toMatchObject({ message: expect.stringContaining('no volumes today') as string });
    expect(taken.intent()).toMatchObject({ image: IMAGE, attempt: 1 });
  });

  it('says which image is gone', async () => {
    using taken = await takeOver({ image: 'runner-trainer:cpu-other' });
    expect(taken.error).toMatchObject({
      code: 'image-missing',
      message: 'The Docker daemon at unix:///x has no image runner-trainer:cpu-other.',
    });
    expect(taken.intent()).toBeUndefined();
  });

  it('cannot go on where its spec names none', async () => {
    using taken = await takeOver(undefined);
    expect(taken.error).toMatchObject({
      code: 'image-missing',
      message: 'No image was chosen for this run.',
    });
  });
});
