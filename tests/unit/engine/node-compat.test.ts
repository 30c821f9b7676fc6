import util from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restoreRemovedUtilities } from '../../../src/engine/node-compat.js';

type Helper = (value: unknown) => boolean;
const helpers = util as unknown as Record<string, Helper | undefined>;
const NAMES = ['isArray', 'isBoolean', 'isFunction', 'isNull', 'isNullOrUndefined'].concat([
  'isNumber',
  'isObject',
  'isString',
  'isUndefined',
]);

describe('the helpers that Node deprecated, and 23 removed from util', () => {
  let originals: Map<string, Helper | undefined>;
  beforeEach(() => {
    originals = new Map(NAMES.map((name) => [name, helpers[name]]));
    for (const name of NAMES) Reflect.deleteProperty(helpers, name);
  });
  afterEach(() => {
    for (const [name, helper] of originals) {
      if (helper === undefined) Reflect.deleteProperty(helpers, name);
      else helpers[name] = helper;
    }
  });

  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ['isArray', [[]], [{}, 'a']],
    ['isBoolean', [true, false], [0, null]],
    ['isFunction', [() => 1, Object], [{}, null]],
    ['isNull', [null], [undefined, 0]],
    ['isNullOrUndefined', [null, undefined], [0, '', false]],
    ['isNumber', [0, Number.NaN], ['0', null]],
    ['isObject', [{}, []], [null, () => 1]],
    ['isString', ['', 'a'], [0, null]],
    ['isUndefined', [undefined], [null, 0]],
  ])('%s is put back', (name, yes, no) => {
    expect(helpers[name]).toBeUndefined();
    restoreRemovedUtilities();
    expect(yes.map((value) => helpers[name]!(value))).toEqual(yes.map(() => true));
    expect(no.map((value) => helpers[name]!(value))).toEqual(no.map(() => false));
  });

  it('do not warn, as those of Node 22 do', () => {
    const warning: Helper = () => {
      throw new Error('DeprecationWarning');
    };
    for (const name of NAMES) helpers[name] = warning;
    restoreRemovedUtilities();
    expect(NAMES.map((name) => typeof helpers[name]!(null))).toEqual(NAMES.map(() => 'boolean'));
  });
});
