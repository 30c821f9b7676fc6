import { expect, it } from 'vitest';
import { placeOf } from '../../../../src/engine/provision/unpack-wheel.js';

it.each([
  ['tensorflow/libtensorflow_cc.so.2', 'lib/libtensorflow_cc.so.2'],
  ['tensorflow/libtensorflow_framework.so.2', 'lib/libtensorflow_framework.so.2'],
  ['tensorflow/libtensorflow_cc.2.dylib', 'lib/libtensorflow_cc.2.dylib'],
  ['tensorflow/include/tensorflow/c/c_api.h', 'include/tensorflow/c/c_api.h'],
  ['tensorflow/include/tensorflow/c/eager/c_api.h', 'include/tensorflow/c/eager/c_api.h'],
  ['tensorflow/include/tsl/platform/ctstring.h', 'include/tsl/platform/ctstring.h'],
  ['tensorflow/include/xla/tsl/c/tsl_status.h', 'include/xla/tsl/c/tsl_status.h'],
  ['tensorflow/include/absl/base/options.h', 'include/absl/base/options.h'],
  ['tensorflow/THIRD_PARTY_NOTICES.txt', 'THIRD_PARTY_NOTICES.txt'],
  ['tensorflow/include/tensorflow/c/', undefined],
  ['tensorflow/include/tensorflow/core/graph.h', undefined],
  ['tensorflow/include/absl/base/config.h', undefined],
  ['tensorflow/python/lib.so', undefined],
  ['other/libtensorflow_cc.so.2', undefined],
])('of the wheel, %s goes to %s', (member, place) => {
  expect(placeOf(member)).toBe(place);
});
