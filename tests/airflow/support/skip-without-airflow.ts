import { beforeEach, inject } from 'vitest';

const provided = inject('airflowPython');
if ('lacking' in provided) beforeEach((test) => test.skip(provided.lacking));
