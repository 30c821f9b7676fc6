import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectFiles } from '../../../../src/tracking/artifacts/collect-files.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';
import { sha256 } from './files.js';

const { signal } = new AbortController();

/** Writes a run directory; the manifest names what lies under artifacts/. */
function writeRun(runDir: string, files: Readonly<Record<string, string>>, listed: object = {}): void {
  const manifest: Record<string, unknown> = {};
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(runDir, path)), { recursive: true });
    writeFileSync(join(runDir, path), content);
    const artifact = /^artifacts\/(.*)$/.exec(path)?.[1];
    if (artifact) manifest[artifact] = { bytes: content.length, sha256: sha256(content) };
  }
  mkdirSync(join(runDir, 'artifacts'), { recursive: true });
  const text = JSON.stringify({ schemaVersion: 1, files: { ...manifest, ...listed } });
  writeFileSync(join(runDir, 'artifacts/manifest.json'), text);
}
const RUN = {
  'artifacts/model/tfjs/model.json': '{}',
  'artifacts/eval/metrics.json': '[]',
  'events.ndjson': '{"seq":0}\n',
  'spec.json': '{"job":"mnist-cnn"}',
  'owner.json': '{}',
  'checkpoints/step-000000001.safetensors': 'x',
};

describe('collectFiles', () => {
  it('hands over what the manifest says of the parts of a large one', async () => {
    using folder = temporaryDirectory();
    const listed = { bytes: 2, sha256: sha256('{}'), parts: { bytes: 8, sha256: 'parts' } };
    writeRun(folder.path, { 'artifacts/weights.bin': '{}' }, { 'weights.bin': listed });
    const { files } = await collectFiles(folder.path, signal);
    expect(files[0]).toStrictEqual({
      path: 'weights.bin',
      file: join(folder.path, 'artifacts/weights.bin'),
      ...listed,
    });
  });

  it('takes what the manifest names, the logs that are there, and the manifest last', async () => {
    using folder = temporaryDirectory();
    writeRun(folder.path, RUN);
    const { files, failed } = await collectFiles(folder.path, signal);
    expect(failed).toEqual([]);
    expect(files.map(({ path }) => path)).toEqual([
      'model/tfjs/model.json',
      'eval/metrics.json',
      'logs/events.ndjson',
      'logs/spec.json',
      'manifest.json',
    ]);
    expect(files[2]).toEqual({
      path: 'logs/events.ndjson',
      file: join(folder.path, 'events.ndjson'),
      bytes: 10,
      sha256: sha256('{"seq":0}\n'),
    });
  });

  it('takes the logs alone of a run that failed before it had artifacts', async () => {
    using folder = temporaryDirectory();
    writeFileSync(join(folder.path, 'trainer.log'), '');
    writeFileSync(join(folder.path, 'outcome.json'), '{}');
    writeFileSync(join(folder.path, 'journal.ndjson'), '{}\n');
    const { files, failed } = await collectFiles(folder.path, signal);
    expect(failed).toEqual([]);
    expect(files.map(({ path }) => path)).toEqual([
      'logs/trainer.log',
      'logs/outcome.json',
      'logs/journal.ndjson',
    ]);
  });

  it.each([
    ['gone', (path: string) => rmSync(path), /it is gone/],
    ['of another size', (path: string) => writeFileSync(path, 'longer'), /it has 6 bytes, not 2/],
    [
      'a link to another file',
      (path: string) => {
        rmSync(path);
        symlinkSync('/etc/hostname', path);
      },
      /it is no regular file/,
    ],
  ])('goes on without a file that is %s', async (_, change, why) => {
    using folder = temporaryDirectory();
    writeRun(folder.path, RUN);
    change(join(folder.path, 'artifacts/eval/metrics.json'));
    const { files, failed } = await collectFiles(folder.path, signal);
    expect(files).toHaveLength(4);
    expect(failed).toMatchObject([
      {
        path: 'eval/metrics.json',
        error: { code: 'artifact-changed', message: expect.stringMatching(why) as string },
      },
    ]);
  });

  it.each(['../spec.json', '/etc/hostname', 'a/../../spec.json', 'a//b', ''])(
    'takes the logs alone where the manifest names %j, which is none of the artifacts',
    async (path) => {
      using folder = temporaryDirectory();
      writeRun(folder.path, RUN, { [path]: { bytes: 1, sha256: 'x' } });
      const { files, failed } = await collectFiles(folder.path, signal);
      expect(files.map((file) => file.path)).toEqual(['logs/events.ndjson', 'logs/spec.json']);
      expect(failed).toMatchObject([{ path: 'manifest.json', error: { code: 'run-corrupt' } }]);
    },
  );

  it.each([
    ['of a later version', '{"schemaVersion":2}', 'run-newer-schema'],
    ['cut off', '{"schemaVersion":1,"fil', 'run-corrupt'],
  ])('takes the logs alone where the manifest is %s', async (_, text, code) => {
    using folder = temporaryDirectory();
    writeRun(folder.path, RUN);
    writeFileSync(join(folder.path, 'artifacts/manifest.json'), text);
    const { files, failed } = await collectFiles(folder.path, signal);
    expect(files.map(({ path }) => path)).toEqual(['logs/events.ndjson', 'logs/spec.json']);
    expect(failed).toMatchObject([{ path: 'manifest.json', error: { code } }]);
  });
});
