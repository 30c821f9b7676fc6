import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellWord } from '../../../src/common/shell-word.js';

it.each([
  ['/home/ada/runs', '/home/ada/runs'],
  ['20260301-140509-7h2k9p', '20260301-140509-7h2k9p'],
  ['/home/ada/my runs', "'/home/ada/my runs'"],
  ["it's $HOME", "'it'\\''s $HOME'"],
  ['', "''"],
])('%j is the word %s, and a shell takes it for what it was', (text, word) => {
  expect(shellWord(text)).toBe(word);
  expect(execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(text);
});
