import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ContentHash, PART_BYTES } from '../../../../src/common/content-digest.js';
import type { CollectedFile } from '../../../../src/isolation/results/extract.js';
import { verifyManifest } from '../../../../src/isolation/results/manifest.js';
import { ArtifactStore } from '../../../../src/trainer/artifacts/artifact-store.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const entry = (content: string) => ({
  bytes: Buffer.byteLength(content),
  sha256: createHash('sha256').update(content).digest('hex'),
});
const collected = (path: string, content: string): CollectedFile => ({ path, ...entry(content) });

/** Verifies these files, and a manifest that says this, as they were collected. */
async function verify(files: readonly CollectedFile[], manifest?: unknown): Promise<void> {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'artifacts/manifest.json');
  mkdirSync(dirname(path));
  if (manifest === undefined) {
    await verifyManifest(files, directory.path);
    return;
  }
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  writeFileSync(path, text);
  await verifyManifest([...files, collected('artifacts/manifest.json', text)], directory.path);
}
const manifest = (files: Record<string, unknown>) => ({ schemaVersion: 1, files });
const rejection = (why: string) =>
  expect.objectContaining({
    code: 'artifact-rejected',
    message: expect.stringMatching(why) as string,
  }) as Error;

describe('verifyManifest', () => {
  const [model, curve] = [collected('artifacts/model/m.bin', 'm'), collected('artifacts/curve.png', 'c')];
  const both = { 'model/m.bin': entry('m'), 'curve.png': entry('c') };

  it('takes the artifacts that the trainer lists, and does not look at other files', async () => {
    await verify([collected('events.ndjson', 'x'), model, curve], manifest(both));
    await verify([], manifest({}));
  });

  it('takes what the artifact store wrote', async () => {
    using directory = temporaryDirectory();
    const store = await ArtifactStore.open(directory.path, () => undefined);
    mkdirSync(join(directory.path, 'artifacts'));
    await store.write('eval/metrics.json', '{}');
    await store.writeManifest();
    const list = { path: 'artifacts/manifest.json', bytes: 1, sha256: '' };
    await verifyManifest([collected('artifacts/eval/metrics.json', '{}'), list], directory.path);
  });

  it('holds a large one against what is said of its parts, too, and takes it where nothing is', async () => {
    const digest = new ContentHash().update(randomBytes(PART_BYTES + 1)).digest();
    const { parts, ...whole } = digest;
    const files = [{ path: 'artifacts/weights.bin', ...digest }];
    await verify(files, manifest({ 'weights.bin': digest }));
    await verify(files, manifest({ 'weights.bin': whole }));
    for (const wrong of [
      { ...parts, sha256: whole.sha256 },
      { ...parts, bytes: 1 },
    ]) {
      const listed = manifest({ 'weights.bin': { ...whole, parts: wrong } });
      const why = '"artifacts/weights.bin" is not the file that the manifest names';
      await expect(verify(files, listed)).rejects.toEqual(rejection(why));
    }
  });

  it('takes a run without artifacts', async () => {
    await verify([collected('events.ndjson', 'x')]);
  });

  it.each<[string, CollectedFile[], unknown, string]>([
    ['artifacts without a manifest', [model], undefined, 'there is no artifacts/manifest.json'],
    [
      'one that is not listed',
      [model, curve],
      manifest({ 'curve.png': entry('c') }),
      '"artifacts/model/m.bin" is not in the manifest',
    ],
    ['one that is only listed', [model], manifest(both), '"curve.png" is in the manifest and nowhere else'],
    [
      'another size',
      [model],
      manifest({ 'model/m.bin': { ...entry('m'), bytes: 2 } }),
      '"artifacts/model/m.bin" is not the file that the manifest names',
    ],
    [
      'another content',
      [model],
      manifest({ 'model/m.bin': entry('n') }),
      '"artifacts/model/m.bin" is not the file that the manifest names',
    ],
    ['a manifest that is no JSON', [model], '{', 'is no JSON: '],
    ['a manifest that is none', [model], { schemaVersion: 1 }, 'does not fit its schema: files: '],
    ['a manifest of a later version', [model], { schemaVersion: 2, files: {} }, 'has schema version 2'],
    [
      'a listed prototype',
      [],
      '{"schemaVersion":1,"files":{"__proto__":{"bytes":1,"sha256":"x"},"x":{"bytes":1,"sha256":"x"}}}',
      '" is in the manifest and nowhere else',
    ],
    [
      'an endless name in it',
      [],
      manifest({ ['x'.repeat(10_000)]: entry('c') }),
      `^.{0,400}"x{200}…" is in the manifest`,
    ],
  ])('rejects %s', async (_, files, list, why) => {
    await expect(verify(files, list)).rejects.toEqual(rejection(why));
  });

  it('does not read a manifest that is too large', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'artifacts/manifest.json');
    mkdirSync(dirname(path));
    writeFileSync(path, '');
    truncateSync(path, 2 ** 30);
    const list = { path: 'artifacts/manifest.json', bytes: 2 ** 30, sha256: '' };
    await expect(verifyManifest([list], directory.path)).rejects.toEqual(
      rejection('artifacts/manifest.json has 1073741824 bytes'),
    );
  });
});
