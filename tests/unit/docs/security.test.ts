import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const document = readFileSync('docs/security.md', 'utf8');

it('docs/security.md names every test of tests/docker/security.test.ts, and no other', () => {
  const source = readFileSync('tests/docker/security.test.ts', 'utf8');
  const tests = [...source.matchAll(/^\s*it\(\s*'([^']+)'/gm)].map(([, name]) => name);
  const [, section = ''] = document.split('## What the container keeps');
  const [table = ''] = section.split('\n## ');
  const named = table
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.split('|').at(-2)?.trim());
  expect(tests.length).toBeGreaterThan(15);
  expect(named).toEqual(tests);
});

it('docs/security.md points to files that are there', () => {
  const links = [...document.matchAll(/\]\((\.\.\/[^)]+)\)/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) expect(existsSync(join('docs', link)), link).toBe(true);
});
