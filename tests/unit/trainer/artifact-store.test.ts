import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContentHash, PART_BYTES } from '../../../src/common/content-digest.js';
import type { RunEventInput } from '../../../src/contract/run-event.js';
import { ArtifactStore } from '../../../src/trainer/artifacts/artifact-store.js';

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'artifacts-'));
});
afterEach(() => rmSync(runDir, { recursive: true, force: true }));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const manifestPath = () => join(runDir, 'artifacts', 'manifest.json');

describe('the artifacts of a run', () => {
  it('are written, told, and listed in the manifest with size and sha256', async () => {
    const events: RunEventInput[] = [];
    const store = await ArtifactStore.open(runDir, (event) => events.push(event));
    await store.write('eval/metrics.json', 'ü');
    await store.writeManifest();
    const entry = { bytes: 2, sha256: sha256('ü') };
    expect(readFileSync(join(runDir, 'artifacts/eval/metrics.json'), 'utf8')).toBe('ü');
    expect(events).toEqual([{ type: 'artifact', path: 'eval/metrics.json', ...entry }]);
    expect(JSON.parse(readFileSync(manifestPath(), 'utf8'))).toEqual({
      schemaVersion: 1,
      files: { 'eval/metrics.json': entry },
    });
  });

  it('of more than one part are listed with the sha256 of their parts, too', async () => {
    const events: RunEventInput[] = [];
    const store = await ArtifactStore.open(runDir, (event) => events.push(event));
    const content = Buffer.alloc(PART_BYTES + 1, 'weights');
    await store.write('weights.bin', content);
    await store.writeManifest();
    const digest = new ContentHash().update(content).digest();
    expect(JSON.parse(readFileSync(manifestPath(), 'utf8'))).toMatchObject({
      files: { 'weights.bin': { ...digest, parts: { bytes: PART_BYTES } } },
    });
    const { bytes, sha256 } = digest;
    expect(events).toStrictEqual([{ type: 'artifact', path: 'weights.bin', bytes, sha256 }]);
  });

  it('are added to: a later store keeps what the manifest holds, and replaces what it writes again', async () => {
    for (const [path, content] of [
      ['a', 'old'],
      ['b', 'b'],
      ['a', 'new'],
    ] as const) {
      const store = await ArtifactStore.open(runDir, () => undefined);
      await store.write(path, content);
      await store.writeManifest();
    }
    expect(JSON.parse(readFileSync(manifestPath(), 'utf8'))).toEqual({
      schemaVersion: 1,
      files: { a: { bytes: 3, sha256: sha256('new') }, b: { bytes: 1, sha256: sha256('b') } },
    });
  });

  it.each([
    [
      '{"schemaVersion": 2}',
      'run-newer-schema',
      'has schema version 2; this version of runner reads up to 1.',
    ],
    ['{"schemaVersion": 1}', 'run-corrupt', 'does not fit its schema: files:'],
    ['{"sch', 'run-corrupt', 'is no JSON:'],
  ])('with the manifest %s are refused as %s', async (content, code, message) => {
    mkdirSync(join(runDir, 'artifacts'));
    writeFileSync(manifestPath(), content);
    const opening = ArtifactStore.open(runDir, () => undefined);
    await expect(opening).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });
});
