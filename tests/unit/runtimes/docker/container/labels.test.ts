import { describe, expect, it } from 'vitest';
import {
  LABELS,
  namesOf,
  readLabels,
  ROLES,
  toLabels,
  warmNamesOf,
  type LabelValues,
} from '../../../../../runtimes/docker/container/labels.js';

const VALUES: LabelValues = {
  ...{ role: 'trainer', run: '20260301-140509-aaaaaa', attempt: 2, token: 'abc', owner: 'host/1/2' },
  ...{ runsDir: '/home/ü/runs', deadline: 1_772_375_109_250 },
};

describe('labels', () => {
  it.each(ROLES)('of a %s come back as they were', (role) => {
    for (const deadline of [null, 0, VALUES.deadline]) {
      expect(readLabels(toLabels({ ...VALUES, role, deadline }))).toEqual({ ...VALUES, role, deadline });
    }
  });

  it('are text, and name what they are', () => {
    expect(toLabels(VALUES)).toEqual({
      'runner.managed': '1',
      'runner.schema': '1',
      'runner.run': '20260301-140509-aaaaaa',
      'runner.attempt': '2',
      'runner.token': 'abc',
      'runner.role': 'trainer',
      'runner.owner': 'host/1/2',
      'runner.runs-dir': '/home/ü/runs',
      'runner.deadline': '1772375109250',
    });
  });

  it('stand beside those of others', () => {
    expect(readLabels({ ...toLabels(VALUES), 'com.example.team': 'x' })).toEqual(VALUES);
  });

  it.each(Object.values(LABELS).filter((name) => !name.startsWith('runner.warm')))(
    'without %s are not ours',
    (name) => {
      const rest = Object.entries(toLabels(VALUES)).filter(([label]) => label !== name);
      expect(readLabels(Object.fromEntries(rest))).toBeUndefined();
    },
  );

  it.each([
    [LABELS.managed, 'true'],
    [LABELS.schema, '2'],
    [LABELS.attempt, 'x'],
    [LABELS.attempt, '1.5'],
    [LABELS.token, ''],
    [LABELS.role, 'reaper'],
    [LABELS.deadline, '-1'],
    [LABELS.deadline, '1e3'],
    [LABELS.deadline, ' '],
  ])('with %s=%j are not ours', (name, value) => {
    expect(readLabels({ ...toLabels(VALUES), [name]: value })).toBeUndefined();
  });

  it.each([null, undefined, {}, 'runner.managed=1', []])('%j are none', (labels) => {
    expect(readLabels(labels)).toBeUndefined();
  });
});

it('names are those of the run and its attempt, or of the token', () => {
  expect(namesOf('20260301-140509-aaaaaa', 2)).toEqual({
    container: 'runner-20260301-140509-aaaaaa-2',
    fill: 'runner-20260301-140509-aaaaaa-2-fill',
    inVolume: 'runner-20260301-140509-aaaaaa-2-in',
    outVolume: 'runner-20260301-140509-aaaaaa-2-out',
  });
  expect(warmNamesOf('abc')).toEqual({
    ...{ container: 'runner-warm-abc', fill: 'runner-warm-abc-fill' },
    ...{ inVolume: 'runner-warm-abc-in', outVolume: 'runner-warm-abc-out' },
  });
});
