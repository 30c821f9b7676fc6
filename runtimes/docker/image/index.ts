/** Trainer images: planned, built, found, listed, removed. */
export { ensureImage, type EnsureImageOptions } from './ensure.js';
export { findImage, type TrainerImage } from './find.js';
export { listImages, type ListedImage, removeImages, type RemovedImages } from './manage.js';
export { DEFAULT_BASE, IMAGE_LABELS, IN_IMAGE } from './names.js';
export { IMAGE_KINDS, type ImageKind, type ImagePlan, planImage } from './plan.js';
