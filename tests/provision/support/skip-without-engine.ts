import { beforeEach, inject } from 'vitest';

const provided = inject('sharedEngine');
if ('lacking' in provided) beforeEach((test) => test.skip(provided.lacking));
