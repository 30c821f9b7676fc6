import type { UsedImage } from '../../contract/run-outcome.js';
import { describeImage } from '../../report/image-list.js';

/** The line that says what a run is in. */
export const imageLine = (image: UsedImage): string => `image ${describeImage(image)}`;
