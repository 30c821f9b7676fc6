import { encodeNumber } from '../contract/json-number.js';

/** JSON in which NaN and the infinities are the contract's strings, where `JSON.stringify` would say null. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === 'number' ? encodeNumber(member) : member),
    indent,
  );
