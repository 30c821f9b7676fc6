import { beforeEach, inject } from 'vitest';

const provided = inject('trackingServers');
if ('lacking' in provided) beforeEach((test) => test.skip(provided.lacking));
