import { beforeEach, inject } from 'vitest';

const provided = inject('testDaemon');
if ('lacking' in provided) beforeEach((test) => test.skip(provided.lacking));
