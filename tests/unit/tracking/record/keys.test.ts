import { describe, expect, it } from 'vitest';
import { isServerKey, serverKey, serverSegment, snakeCase } from '../../../../src/tracking/record/keys.js';

describe('keys that every tracking server takes', () => {
  it.each([
    'loss',
    'step/loss',
    'phase/first_step_ms',
    'engine.name',
    'a b-c',
    'x'.repeat(250),
    '.hidden',
    'a/..b',
  ])('%j stays as it is', (key) => {
    expect(isServerKey(key)).toBe(true);
    expect(serverKey(key)).toBe(key);
  });

  it.each([
    ['', '.e3b0c44298fc'],
    ['.', '.cdb4ee2aea69'],
    ['..', '.5ec1f7e700f3'],
    ['/loss', 'loss.752253f1235d'],
    ['loss/', 'loss.86d08f4c2d3a'],
    ['a//b', 'a/b.7a9acf331a5d'],
    ['a/../b', 'a/b.900ea8b7e0d8'],
    ['..loss', 'loss.2a9837fb4236'],
    ['f1:macro', 'f1_macro.a70706c162b7'],
    ['précision', 'pr_cision.a8bf4355cb7f'],
    ['50 %', '50 _.97945fd39c62'],
    ['🙂', '_.d06f1525f791'],
  ])('%j is made legible, with the beginning of its sha256', (key, legible) => {
    expect(isServerKey(key)).toBe(false);
    expect(serverKey(key)).toBe(legible);
    expect(isServerKey(serverKey(key))).toBe(true);
  });

  it('shortens a key that is too long to 250 characters', () => {
    const key = serverKey('x'.repeat(251));
    expect(key).toMatch(/^x{237}\.[0-9a-f]{12}$/);
  });

  it('keeps two keys apart that would look alike, even one that looks like a mapped one', () => {
    const mapped = serverKey('a:b');
    const keys = [
      'a:b',
      'a;b',
      'a_b',
      mapped,
      serverKey(mapped),
      `${'x'.repeat(250)}a`,
      `${'x'.repeat(250)}b`,
    ];
    expect(new Set(keys.map(serverKey)).size).toBe(keys.length);
  });

  it('takes the slashes of a name that stands behind the last one of its key', () => {
    expect(serverSegment('Ankle boot')).toBe('Ankle boot');
    expect(serverSegment('T-shirt/top')).toMatch(/^T-shirt_top\.[0-9a-f]{12}$/);
    expect(serverSegment('T-shirt_top')).toBe('T-shirt_top');
    expect(serverSegment('x'.repeat(300))).toHaveLength(200);
  });

  it.each([
    ['learningRate', 'learning_rate'],
    ['imagesPerSecond', 'images_per_second'],
    ['loss', 'loss'],
    ['f1', 'f1'],
    ['learning_rate', 'learning_rate'],
    ['T-shirt', 'T-shirt'],
    ['AUC', 'AUC'],
  ])('%s is written %s', (name, written) => expect(snakeCase(name)).toBe(written));
});
