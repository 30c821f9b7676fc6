/** Loads axios: the only place that does. */
import type { AxiosStatic } from 'axios';
import { createRequire } from 'node:module';

/** Its CommonJS build is one file. As an ES module it is some sixty, which take twice the time to load. */
export const axios = createRequire(import.meta.url)('axios') as AxiosStatic;
