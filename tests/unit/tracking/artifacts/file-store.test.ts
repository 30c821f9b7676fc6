import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../../../src/tracking/artifacts/open-store.js';
import { openHttpAccess } from '../../../../src/tracking/mlflow/http.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { artifact } from './files.js';

const { signal } = new AbortController();

interface Server {
  readonly trackingUri?: string;
  /** That of the run whose model's the artifacts are. */
  readonly ofRun?: string;
  readonly lists?: (name: string) => boolean;
}

const open = (
  artifactUri: string,
  { trackingUri = 'http://localhost:5000', ofRun = artifactUri, lists = () => true }: Server = {},
) =>
  openArtifactStore({
    artifactUri,
    run: { artifactUri: ofRun, lists: async (name) => Promise.resolve(lists(name)) },
    http: openHttpAccess(trackingUri, { headers: {}, secrets: [] }, {}),
    env: {},
  });

describe('artifacts in a folder', () => {
  it('are copied whole, beside no other file, where the server has its root on this machine', async () => {
    using folder = temporaryDirectory();
    const root = join(folder.path, 'mlruns');
    mkdirSync(root);
    for (const uri of [join(root, '0/run/artifacts'), `${pathToFileURL(root).href}/0/run/artifacts`]) {
      const store = await open(uri);
      const files = [artifact(folder.path, 'model/a b.json', '{}'), artifact(folder.path, 'empty', '')];
      for (const file of files) await store.put(file, signal);
      expect(readFileSync(join(root, '0/run/artifacts/model/a b.json'), 'utf8')).toBe('{}');
      expect(readdirSync(join(root, '0/run/artifacts'))).toEqual(['empty', 'model']);
      expect(await store.verify(files, { deep: true, signal })).toEqual([]);
    }
  });

  it('are at no place of which only the folder above the root is there', async () => {
    using folder = temporaryDirectory();
    for (const path of ['no-such-root/0/run/artifacts', 'no-such-root/0/models/m/artifacts']) {
      await expect(open(join(folder.path, path))).rejects.toMatchObject({
        code: 'artifact-store-unsupported',
      });
    }
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('are where the server finds a file of its run, and that file is gone afterwards', async () => {
    using folder = temporaryDirectory();
    const ofRun = join(folder.path, '0/run/artifacts');
    const found: string[] = [];
    const lists = (name: string): boolean => {
      found.push(...readdirSync(ofRun));
      return found.includes(name);
    };
    await open(ofRun, { lists });
    await open(join(folder.path, '0/models/m/artifacts'), { ofRun, lists });
    expect(found).toHaveLength(2);
    expect(new Set(found).size).toBe(2);
    expect(readdirSync(ofRun)).toEqual([]);
    expect(existsSync(join(folder.path, '0/models'))).toBe(false);
  });

  it('are in no folder of the same name that a container has, and nothing is left in this one', async () => {
    using folder = temporaryDirectory();
    mkdirSync(join(folder.path, '0'));
    const artifactUri = join(folder.path, '0/run/artifacts');
    await expect(open(artifactUri, { lists: () => false })).rejects.toMatchObject({
      code: 'artifact-store-unsupported',
      message: `The artifact root ${artifactUri} is another folder to the server (http://localhost:5000), which may run in a container: nothing can be written there.`,
    });
    const gone = new Error('gone');
    const lists = (): boolean => {
      throw gone;
    };
    await expect(open(artifactUri, { lists })).rejects.toBe(gone);
    expect(readdirSync(folder.path, { recursive: true })).toEqual(['0']);
  });

  it('are told to be missing, or other ones', async () => {
    using folder = temporaryDirectory();
    const store = await open(join(folder.path, '0/run/artifacts'));
    const [one, two] = [artifact(folder.path, 'one', 'one'), artifact(folder.path, 'two', 'two')];
    await store.put(one, signal);
    writeFileSync(join(folder.path, '0/run/artifacts/one'), 'eno');
    expect(await store.verify([one, two], { deep: true, signal })).toEqual([
      { path: 'two', why: 'missing' },
      { path: 'one', why: 'sha256' },
    ]);
  });

  it('are beside nothing that a process has left which was killed over them', async () => {
    using folder = temporaryDirectory();
    const stored = join(folder.path, '0/run/artifacts/model');
    mkdirSync(stored, { recursive: true });
    for (const name of ['.runner-0123456789abcdef', '.runner-notes', '.other']) {
      writeFileSync(join(stored, name), 'half of');
    }
    const store = await open(join(folder.path, '0/run/artifacts'));
    const files = ['a', 'b'].map((name) => artifact(folder.path, `model/${name}`, name));
    await Promise.all(files.map((file) => store.put(file, signal)));
    expect(readdirSync(stored).sort()).toEqual(['.other', '.runner-notes', 'a', 'b']);
  });

  it('never hold a file that has changed meanwhile', async () => {
    using folder = temporaryDirectory();
    const store = await open(join(folder.path, '0/run/artifacts'));
    const file = artifact(folder.path, 'one', 'one');
    writeFileSync(file.file, 'eno');
    await expect(store.put(file, signal)).rejects.toMatchObject({ code: 'artifact-changed' });
    expect(readdirSync(join(folder.path, '0/run/artifacts'))).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0)('say that this user may not write there', async () => {
    using folder = temporaryDirectory();
    mkdirSync(join(folder.path, 'root'), { mode: 0o500 });
    await expect(open(join(folder.path, 'root/0/run/artifacts'))).rejects.toMatchObject({
      code: 'artifact-store-forbidden',
    });
    chmodSync(join(folder.path, 'root'), 0o700);
  });
});

describe('artifacts at', () => {
  it.each([
    [
      'a folder of another machine',
      '/tmp/0/run/artifacts',
      'http://mlflow.example:5000',
      /folder of the server's machine/,
    ],
    ['a folder of a container', '/no-such-root/0/run/artifacts', undefined, /in no folder that is there/],
    ['a folder of an unknown place', './mlruns/0/run/artifacts', undefined, /no absolute path/],
    ['another host', 'file://host/0/run/artifacts', undefined, /no absolute path/],
    ['Google', 'gs://bucket/0/run', undefined, /Artifacts at gs: cannot be written/],
    ['Azure', 'wasbs://container@account/0', undefined, /Artifacts at wasbs: cannot/],
    ['Databricks', 'dbfs:/databricks/mlflow', undefined, /it writes to mlflow-artifacts:, s3: and file:/],
  ])('%s are refused', async (_, uri, trackingUri, message) => {
    await expect(open(uri, trackingUri === undefined ? {} : { trackingUri })).rejects.toMatchObject({
      code: 'artifact-store-unsupported',
      message: expect.stringMatching(message) as string,
    });
    expect(existsSync('/no-such-root')).toBe(false);
  });
});
