import { describe, expect, it } from 'vitest';
import { isProved, proofPage } from '../../../scripts/lib/gpu-proof-page.mjs';
import { markdownTable } from '../../../src/report/markdown-table.js';

type Measured = Parameters<typeof proofPage>[0]['measured'] extends ReadonlyMap<string, infer M> ? M : never;

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
/** A way with one run a speed, in rounds from 1 on. */
const way = (title: string, speeds: readonly number[], letters = 'a'): Measured => ({
  ...{ title, isOptional: false, failures: [] },
  runs: speeds.map((imagesPerSecond, i) => ({
    ...{ round: i + 1, imagesPerSecond, accuracy: 0.9912 },
    digest: digest(letters[i] ?? letters.charAt(0)),
  })),
});
const FULL = { text: 'With little memory: exit status 3.', isAsItShould: true };

const proofOf = (
  measured: readonly (readonly [string, Measured])[],
  changes: Partial<Parameters<typeof proofPage>[0]> = {},
): Parameters<typeof proofPage>[0] => ({
  machine: {
    date: '2026-11-26',
    card: { name: 'Card', memoryBytes: 24 * 1024 ** 3, computeCapability: '8.9' },
    ...{ driver: '550.54.14', processors: '16 × CPU', node: '22.0.0' },
  },
  work: { batch: 128, epochs: 6, rounds: 3 },
  ...{ measured: new Map(measured), full: FULL, leftOut: [] },
  ...changes,
});
const pageOf = (...[measured, changes]: Parameters<typeof proofOf>): string =>
  proofPage(proofOf(measured, changes), markdownTable);

describe('the page that npm run gpu-proof writes', () => {
  it('has machine, speeds, targets, what a full card said, what is lacking and what failed', () => {
    const torch: Measured = {
      ...way('PyTorch', [80_000]),
      runs: [{ round: 2, imagesPerSecond: 80_000, computedOn: 'PyTorch 2.11.0 on Card' }],
    };
    const page = pageOf(
      [
        ['cpu', way('Processor', [5000], 'c')],
        ['gpu', way('Card', [100_000, 60_000.4, 120_000])],
        ['gpu-between', way('Card, batches made between steps', [80_000, 60_000, 80_000])],
        ['gpu-docker', { ...way('Card, container', [98_000]), failures: [{ round: 2, why: 'no `x`' }] }],
        ['gpu-eager', way('Card, op by op', [50_000], 'b')],
        ['torch', torch],
        [
          'webgpu',
          { ...way('WebGPU', []), isOptional: true, failures: [{ round: 1, why: 'no Vulkan loader' }] },
        ],
      ],
      { leftOut: ['Container: there is no daemon.'] },
    );
    expect(page)
      .toBe(`Measured on 2026-11-26: Card (compute capability 8.9, 24576 MiB), driver 550.54.14, 16 × CPU, Node 22.0.0, PyTorch 2.11.0 on Card.
MNIST CNN, batch 128, 6 epochs, of which the first does not count; 3 rounds, in which all take turns in a random order.
Median (lowest – highest): speeds of the runs, and shares of the rounds.

| what                             | images/s                   | runs | accuracy | weights                  |
| -------------------------------- | -------------------------- | ---- | -------- | ------------------------ |
| Processor                        | 5,000                      | 1    | 99.12 %  | one digest, cccccccccccc |
| Card                             | 100,000 (60,000 – 120,000) | 3    | 99.12 %  | one digest, aaaaaaaaaaaa |
| Card, batches made between steps | 80,000 (60,000 – 80,000)   | 3    | 99.12 %  | one digest, aaaaaaaaaaaa |
| Card, container                  | 98,000                     | 1    | 99.12 %  | one digest, aaaaaaaaaaaa |
| Card, op by op                   | 50,000                     | 1    | 99.12 %  | one digest, bbbbbbbbbbbb |
| PyTorch                          | 80,000                     | 1    | –        | –                        |
| WebGPU                           | –                          | 0    | –        | –                        |

| target                                                              | found               | met |
| ------------------------------------------------------------------- | ------------------- | --- |
| Card: at least 1× PyTorch, eager, loss read once an epoch           | 0.75×               | no  |
| Card: at least 1× PyTorch, eager, loss read after each step         | not measured        | –   |
| Card: at least 3× the same engine op by op                          | 2.00×               | no  |
| Card, container: at least 0.97× the same in this process            | 0.98×               | yes |
| Card: at least 1× each batch made between two steps                 | 1.25× (1.00 – 1.50) | yes |
| Card: at least 1× one step a call                                   | not measured        | –   |
| Container and this process: the same weights                        | 1 in 2 ways         | yes |
| The same weights in every mode and in every way of feeding the card | 1 in 3 ways         | yes |

With little memory: exit status 3.

Not measured:

- Container: there is no daemon.
- WebGPU, round 1: \`no Vulkan loader\`

Failed:

- Card, container, round 2: \`no 'x'\``);
  });

  it('says no where ways that should agree do not, or one does not agree with itself', () => {
    const verdicts = (...measured: (readonly [string, Measured])[]) =>
      pageOf(measured)
        .split('\n')
        .filter((line) => line.includes('same weights'))
        .map((line) => line.split('|').slice(2, 4).join('').trim().split(/ {2,}/));
    const card = ['gpu', way('Card', [1])] as const;
    const unmeasured = ['not measured', '–'];
    expect(verdicts(card, ['gpu-call', way('One step a call', [1], 'b')])).toEqual([
      unmeasured,
      ['2 in 2 ways', 'no'],
    ]);
    expect(verdicts(card, ['gpu-docker', way('Container', [1], 'b')])).toEqual([
      ['2 in 2 ways', 'no'],
      ['2 in 2 ways', 'no'],
    ]);
    expect(verdicts(['gpu', way('Card', [1, 1], 'ab')])).toEqual([
      ['2 in 1 ways', 'no'],
      ['2 in 1 ways', 'no'],
    ]);
    // That one way agrees with itself says nothing of the others.
    expect(verdicts(['gpu', way('Card', [1, 1])])).toEqual([unmeasured, unmeasured]);
  });

  it('says of a machine that does not tell its card, and of a run that was broken off, what is not known', () => {
    const { machine } = proofOf([]);
    const page = pageOf([['gpu', way('Card', [1])]], {
      machine: { ...machine, card: null },
      full: undefined,
    });
    expect(page).toContain('Measured on 2026-11-26: a card that nothing tells of, driver 550.54.14');
    expect(page).toContain('How a card is told whose memory is used up was not tried.');
  });
});

describe('a card is proved', () => {
  const card = ['gpu', way('Card', [100])] as const;
  const failed = { title: 'x', runs: [], failures: [{ round: 1, why: 'it failed' }] };
  const proved = (...[measured, changes]: Parameters<typeof proofOf>) => isProved(proofOf(measured, changes));

  it('where nothing failed but what a machine may well lack, and all that was found is as it should be', () => {
    expect(proved([card, ['webgpu', { ...failed, isOptional: true }]])).toBe(true);
    expect(proved([card, ['gpu-docker', way('Container', [98])]])).toBe(true);
  });

  it('not where a run failed, a target is missed, bits differ, or a full card is told as another thing', () => {
    expect(proved([card, ['gpu-process', { ...failed, isOptional: false }]])).toBe(false);
    expect(proved([card, ['gpu-docker', way('Container', [96])]])).toBe(false);
    expect(proved([card, ['gpu-docker', way('Container', [98], 'b')]])).toBe(false);
    expect(proved([card], { full: { ...FULL, isAsItShould: false } })).toBe(false);
    expect(proved([card], { full: undefined })).toBe(false);
  });
});
