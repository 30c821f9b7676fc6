import { describe, expect, it } from 'vitest';
import { provisioningOf, step } from '../../../../src/engine/provision/context.js';

function recording(signal?: AbortSignal) {
  const shown: string[] = [];
  const provisioning = provisioningOf({
    env: { RUNNER_CACHE_DIR: '/c' },
    force: false,
    onProgress: ({ title, share }) => shown.push(share === undefined ? title : `${title} ${share}`),
    signal,
  });
  return { shown, provisioning };
}

describe('a step of the provisioning', () => {
  it('is shown when it starts, as it goes, and as done', async () => {
    const { shown, provisioning } = recording();
    const result = await step(provisioning, 'Baking', (report) => {
      report(0.5);
      return Promise.resolve('bread');
    });
    expect(result).toBe('bread');
    expect(shown).toEqual(['Baking', 'Baking 0.5', 'Baking 1']);
  });

  it('is not done before it is, though more came than was expected', async () => {
    const { shown, provisioning } = recording();
    await step(provisioning, 'Baking', (report) => {
      report(1.2);
      return Promise.resolve();
    });
    expect(shown).toEqual(['Baking', 'Baking 0.99', 'Baking 1']);
  });

  it('that fails is not shown as done', async () => {
    const { shown, provisioning } = recording();
    await expect(step(provisioning, 'Baking', () => Promise.reject(new Error('burnt')))).rejects.toThrow(
      'burnt',
    );
    expect(shown).toEqual(['Baking']);
  });

  it('does not start once it is cancelled', async () => {
    const { shown, provisioning } = recording(AbortSignal.abort(new Error('enough')));
    await expect(step(provisioning, 'Baking', () => Promise.resolve())).rejects.toThrow('enough');
    expect(shown).toEqual([]);
  });
});
