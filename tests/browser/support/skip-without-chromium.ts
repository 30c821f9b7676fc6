import { beforeEach, inject } from 'vitest';

const provided = inject('chromium');
if ('lacking' in provided) beforeEach((test) => test.skip(provided.lacking));
