import type { Card, Surroundings } from './survey.js';
import { surveyGpu } from './survey.js';
import { checkGpu, type GpuWish } from './check.js';

/** The cards that a run on this machine would see. @throws RunnerError as `checkGpu` */
export const requireGpu = async (
  surroundings: Surroundings,
  wish: Omit<GpuWish, 'visible'>,
): Promise<readonly Card[]> =>
  checkGpu(await surveyGpu(surroundings), { ...wish, visible: surroundings.env.CUDA_VISIBLE_DEVICES });
