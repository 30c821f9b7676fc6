import type { Card, GpuSurvey } from '../../../../src/engine/gpu/survey.js';

const GIB = 1024 ** 3;

export const card = (index: number, changes: Partial<Card> = {}): Card => ({
  ...{ index, uuid: `GPU-${index}a1b-0000`, name: 'NVIDIA A10', computeCapability: '8.6' },
  ...{ memoryBytes: 24 * GIB, freeBytes: 23 * GIB, computeMode: 'Default' },
  ...changes,
});

/** A machine with a current driver and two cards. */
export const survey = (changes: Partial<GpuSurvey> = {}): GpuSurvey => ({
  ...{ driver: '550.54.14', cards: [card(0), card(1)], silence: null, vulkanLoader: null },
  ...changes,
});
