/** One spec on every version of Node that is supported: the same bits. */
import { execa } from 'execa';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { canInstallNode, installNode, NODE_VERSIONS } from '../support/other-nodes.js';
import { runJson } from '../support/runner.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runner-node-'));
  mkdirSync(join(folder, 'data'));
  writeMnistSubset(join(folder, 'data'), { train: 2000, test: 100 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the same spec', () => {
  it(`gives the same weights on Node ${NODE_VERSIONS.join(', ')}, without a warning`, async (test) => {
    test.skip(!canInstallNode, 'npm has other versions of Node for Linux on x64 alone');
    const digests: unknown[] = [];
    for (const version of NODE_VERSIONS) {
      const node = await installNode(version);
      expect((await execa(node, ['--version'])).stdout).toBe(`v${version}`);
      const args = [
        'train',
        '--data-dir',
        join(folder, 'data'),
        '--runs-dir',
        join(folder, 'runs'),
        '--epochs',
        '1',
      ];
      const { exitCode, document, stderr } = await runJson([...args, '--quiet', '--evaluate'], { node });
      expect([version, exitCode, stderr]).toEqual([version, 0, '']);
      digests.push(document.weightsDigest);
    }
    expect(digests).toEqual(NODE_VERSIONS.map(() => digests[0]));
    expect(digests[0]).toMatch(/^sha256:/);
  });
});
