import util from 'node:util';

/** tfjs-node 4.22 calls these; Node 22 warns of it on stderr, and Node 23 removed them. */
const DEPRECATED = {
  isArray: Array.isArray,
  isBoolean: (value: unknown) => typeof value === 'boolean',
  isFunction: (value: unknown) => typeof value === 'function',
  isNull: (value: unknown) => value === null,
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isNumber: (value: unknown) => typeof value === 'number',
  isObject: (value: unknown) => value !== null && typeof value === 'object',
  isString: (value: unknown) => typeof value === 'string',
  isUndefined: (value: unknown) => value === undefined,
} as const;

/** Puts the old `util.is*` helpers in place, with the meaning they always had: there, and without the warning. */
export function restoreRemovedUtilities(): void {
  for (const [name, value] of Object.entries(DEPRECATED)) {
    Object.defineProperty(util, name, { value, configurable: true, writable: true, enumerable: true });
  }
}
