export const ROOT: string;
/** The compiled command line. */
export const CLI: string;
export function ensureBuilt(): void;
