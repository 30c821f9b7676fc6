import { describe, expect, it } from 'vitest';
import { loadOptional } from '../../../src/common/optional-package.js';

describe('a package that an installation may have left out', () => {
  it('is loaded where it is there', async () => {
    expect(await loadOptional('x', () => Promise.resolve('loaded'))).toBe('loaded');
  });

  it('is named where it is not, with what to do', async () => {
    const missing = () => import(['no', 'such', 'package'].join('-')) as Promise<unknown>;
    await expect(loadOptional('no-such-package', missing)).rejects.toMatchObject({
      code: 'kubernetes-client-missing',
      message: '--mode kubernetes needs the package no-such-package, which is not installed.',
      hint: 'Install what was left out: `npm install --include=optional` where runner is installed.',
    });
  });

  it('that fails for another reason says which', async () => {
    const error = new Error('broken');
    await expect(loadOptional('x', () => Promise.reject(error))).rejects.toBe(error);
  });
});
