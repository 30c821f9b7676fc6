/** The keys of a smoke test's runs, by which they are told from runs that somebody has trained for their own sake. */
const SMOKE = 'runner-smoke/';

/** @param token of this smoke test alone */
export const smokeKey = (token: string, side: string): string => `${SMOKE}${token}/${side}`;

export const isSmokeKey = (key: string): boolean => key.startsWith(SMOKE);
