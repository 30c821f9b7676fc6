import { expect, it } from 'vitest';
import { identityOf } from '../../../../src/common/process-identity.js';
import { findKeptServer } from '../../../../src/tracking/local-server/find-kept-server.js';
import { writeKeptServer } from '../../../../src/tracking/local-server/server-files.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { fakeServer } from '../mlflow/fake-server.js';

const { signal } = new AbortController();

const keptAt = (address: string) => ({ address, version: '3.17.2', keeper: identityOf(process.pid) });

it('gives the server that another process keeps', async () => {
  using directory = temporaryDirectory();
  const { uri } = await fakeServer(({ path }) => ({ body: path.endsWith('/version') ? '3.17.2' : {} }));
  await writeKeptServer(directory.path, keptAt(uri));
  expect(await findKeptServer(directory.path, signal)).toMatchObject({ address: uri, keptBy: process.pid });
});

it('gives none that does not answer, though its process lives', async () => {
  using directory = temporaryDirectory();
  const { uri } = await fakeServer([], { late: true });
  await writeKeptServer(directory.path, keptAt(uri));
  expect(await findKeptServer(directory.path, signal)).toBeUndefined();
});

it('looks no further once it is told to end', async () => {
  using directory = temporaryDirectory();
  const reason = new Error('SIGINT');
  const ending = new AbortController();
  const { uri } = await fakeServer(() => {
    ending.abort(reason);
    return 'hang';
  });
  await writeKeptServer(directory.path, keptAt(uri));
  await expect(findKeptServer(directory.path, ending.signal)).rejects.toBe(reason);
});
