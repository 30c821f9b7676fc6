import { describe, expect, it } from 'vitest';
import { proofPage } from '../../../scripts/lib/gpu-proof-page.mjs';
import { markdownTable } from '../../../src/report/markdown-table.js';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const way = (title: string, imagesPerSecond: number, letter = 'a') => ({
  ...{ title, imagesPerSecond: [imagesPerSecond], digests: [digest(letter)], accuracy: 0.9912 },
});
const pageOf = (measured: [string, object][]): string =>
  proofPage({
    machine: {
      date: '2026-11-26',
      card: { name: 'Card', memoryBytes: 24 * 1024 ** 3, computeCapability: '8.9' },
      ...{ driver: '550.54.14', processors: '16 × CPU', node: '22.0.0' },
    },
    work: { batch: 128, epochs: '5', runs: '3' },
    measured: new Map(measured) as Parameters<typeof proofPage>[0]['measured'],
    full: 'With little memory: exit status 3.',
    table: markdownTable,
  });

describe('the page that npm run gpu-proof writes', () => {
  it('has machine, speeds, targets and what a full card said', () => {
    const page = pageOf([
      ['cpu', way('Processor', 5000, 'c')],
      ['gpu', { ...way('Card', 0), imagesPerSecond: [100_000, 60_000.4, 120_000] }],
      ['gpu-between', way('Card, batches made between steps', 80_000)],
      ['gpu-docker', way('Card, container', 98_000)],
      ['gpu-eager', way('Card, op by op', 50_000, 'b')],
      ['torch', { title: 'PyTorch', why: 'No module named torch' }],
    ]);
    expect(page).toBe(`Measured on 2026-11-26: Card (compute capability 8.9, 24576 MiB), driver 550.54.14,
16 × CPU, Node 22.0.0. MNIST CNN, batch 128, 5 epochs; median (lowest – highest) of 3 runs in turns.

| what                             | images/s                   | accuracy | weights                             |
| -------------------------------- | -------------------------- | -------- | ----------------------------------- |
| Processor                        | 5,000                      | 99.12 %  | one digest, cccccccccccc            |
| Card                             | 100,000 (60,000 – 120,000) | 99.12 %  | one digest, aaaaaaaaaaaa            |
| Card, batches made between steps | 80,000                     | 99.12 %  | one digest, aaaaaaaaaaaa            |
| Card, container                  | 98,000                     | 99.12 %  | one digest, aaaaaaaaaaaa            |
| Card, op by op                   | 50,000                     | 99.12 %  | one digest, bbbbbbbbbbbb            |
| PyTorch                          | –                          | –        | not measured: No module named torch |

| target                                                              | found        | met |
| ------------------------------------------------------------------- | ------------ | --- |
| Card: at least 1× PyTorch, eager, on the same card                  | not measured | –   |
| Card: at least 3× the same engine op by op                          | 2.00×        | no  |
| Card, container: at least 0.97× the same in this process            | 0.98×        | yes |
| Card: at least 1× each batch made between two steps                 | 1.25×        | yes |
| Card: at least 1× one step a call                                   | not measured | –   |
| The same weights in every mode and in every way of feeding the card | 1 in 3 ways  | yes |

With little memory: exit status 3.`);
  });

  it('says no where ways that should agree do not, or one does not agree with itself', () => {
    const others = way('Card, one step a call', 1, 'b');
    const [, last] = pageOf([
      ['gpu', way('Card', 1)],
      ['gpu-call', others],
    ]).split('of feeding the card');
    expect(last).toMatch(/^ +\| 2 in 2 ways +\| no/);
    const restless = { ...way('Card', 1), digests: [digest('a'), digest('b')] };
    const page = pageOf([['gpu', restless]]);
    expect(page).toMatch(/\| Card +\| 1 +\| 99\.12 % +\| differ +\|/);
    expect(page).toMatch(/\| 2 in 1 ways +\| no +\|/);
  });
});
