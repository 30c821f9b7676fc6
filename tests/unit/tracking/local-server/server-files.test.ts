import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { identityOf } from '../../../../src/common/process-identity.js';
import {
  nameOfStore,
  readKeptServer,
  removeKeptServer,
  writeKeptServer,
} from '../../../../src/tracking/local-server/server-files.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

it('gives a database one name for as long as it is there', async () => {
  using directory = temporaryDirectory();
  const { path } = directory;
  const first = await nameOfStore(path);
  writeFileSync(join(path, 'mlflow.db'), '');
  expect(first).toMatch(/^local:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const named = await nameOfStore(path);
  expect(await nameOfStore(path)).toBe(named);
  rmSync(join(path, 'mlflow.db'));
  expect(await nameOfStore(path)).not.toBe(named);
});

it('knows a server for as long as the process lives that keeps it', async () => {
  using directory = temporaryDirectory();
  const { path } = directory;
  expect(await readKeptServer(path)).toBeUndefined();
  const kept = { address: 'http://127.0.0.1:5000', version: '3.17.2', keeper: identityOf(process.pid) };
  await writeKeptServer(path, kept);
  expect(await readKeptServer(path)).toEqual(kept);
  await writeKeptServer(path, { ...kept, keeper: { ...kept.keeper, startTimeTicks: 1 } });
  expect(await readKeptServer(path)).toBeUndefined();
  await writeKeptServer(path, { ...kept, keeper: { ...kept.keeper, host: 'another' } });
  expect(await readKeptServer(path)).toBeUndefined();
  await removeKeptServer(path);
  await removeKeptServer(path);
  expect(await readKeptServer(path)).toBeUndefined();
});
