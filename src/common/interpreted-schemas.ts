/** How zod reads what a schema describes. This loads nothing: `runner --help` does without zod. */

/**
 * zod makes a function of each object's schema when it is first used. A command uses most of its schemas once, and ours are
 * read no slower without. To be called before a schema is made, for that is when it looks; hence not by `z.config`, which
 * loads zod, but in the place where all copies of zod in a process keep what that sets.
 */
export function interpretSchemas(): void {
  const shared = globalThis as { __zod_globalConfig?: { jitless?: boolean } };
  (shared.__zod_globalConfig ??= {}).jitless = true;
}
