import { describe, expect, it } from 'vitest';
import { renderMarkdown, summaryTable } from '../../../../src/report/blast-radius/render-markdown.js';
import { renderTerminal } from '../../../../src/report/blast-radius/render-terminal.js';
import { verdictsOf } from '../../../../src/report/blast-radius/verdict.js';
import { RESULT, seen, CALM, DEAD } from './observations.js';

describe('for a terminal', () => {
  const shown = renderTerminal(RESULT, { colour: false });

  it('says by mode what was harmed, then each fault, then what bounded it', () => {
    expect(shown).toMatchInlineSnapshot(`
      "inprocess: 0 of 4 faults stayed within their run (runner lost: 1, other run
      hurt: 1, reason wrong or missing: 2, reached what is outside: 1, left something
      running: 1).
      docker: 4 of 5 faults stayed within their run (other run hurt: 1).

      INPROCESS  RUNNER         OTHER RUN  TOLD               BACK AFTER
      segfault   died, SIGSEGV  lost       nothing (wrong)    never
      memory     not run: nothing here would bound its memory: it has no | groups
      orphan     survived       unhurt     succeeded          1.2 s
        left: 1 process
      read-file  survived       unhurt     succeeded          1.2 s
        secret read
      log-flood  survived       unhurt     succeeded (wrong)  1.2 s
        left: 1040 MB of output

      DOCKER     RUNNER    OTHER RUN     TOLD           BACK AFTER
      segfault   survived  unhurt        crashed        1.2 s
      memory     survived  unhurt        out-of-memory  1.2 s
      orphan     survived  unhurt        succeeded      1.2 s
      read-file  survived  unhurt        succeeded      1.2 s
        secret kept
      log-flood  survived  paused 4.2 s  log-flood      1.2 s
        left: 67 MB on disk

      bound    Each fault ends by itself."
    `);
  });

  it('is readable at 80 columns', () => {
    for (const line of shown.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('is red where harm was done and green where none was, on a terminal with colours', () => {
    const lines = renderTerminal(RESULT, { colour: true }).split('\n');
    const colourOf = (mode: string): (string | undefined)[] => {
      const from = lines.findIndex((line) => line.includes(mode));
      return lines.slice(from + 1, from + 2).map((line) => /^\u001B\[(\d+)m/.exec(line)?.[1]);
    };
    expect([colourOf('INPROCESS'), colourOf('DOCKER')]).toEqual([['31'], ['32']]);
  });

  it('shows nothing of a message that could move the cursor', () => {
    const evil = { ...RESULT, cases: [{ fault: 'heap', mode: 'docker', notRun: 'x\u001B[2J' } as const] };
    expect(renderTerminal(evil, { colour: false })).toContain('not run: x\\u001b[2J');
  });
});

describe('as Markdown', () => {
  it('has a row a fault and a column a mode', () => {
    expect(summaryTable(RESULT)).toMatchInlineSnapshot(`
      "| The job …                                                 | \`inprocess\`                                                       | \`docker\`               |
      | --------------------------------------------------------- | ----------------------------------------------------------------- | ---------------------- |
      | takes memory outside of the heap until the kernel ends it | not run: nothing here would bound its memory: it has no \\| groups | told: out-of-memory    |
      | is ended by SIGSEGV                                       | runner died of SIGSEGV; other run lost; nothing told              | told: crashed          |
      | prints 1 GiB                                              | told wrongly: succeeded                                           | other run paused 4.2 s |
      | leaves a process behind, in a session of its own          | left: 1 process                                                   | nothing                |
      | reads a file of the runner’s user with a secret in it     | secret read                                                       | secret kept            |"
    `);
  });

  it('has every case, and what bounded it', () => {
    const shown = renderMarkdown(RESULT);
    expect(shown.slice(shown.indexOf('### Case by case'))).toMatchInlineSnapshot(`
      "### Case by case

      | Fault       | Mode      | Runner                                                            | Other run    | Told              | Reached     | Left behind       | Back after |
      | ----------- | --------- | ----------------------------------------------------------------- | ------------ | ----------------- | ----------- | ----------------- | ---------- |
      | \`segfault\`  | inprocess | died, SIGSEGV                                                     | lost         | nothing (wrong)   | –           | –                 | never      |
      | \`segfault\`  | docker    | survived                                                          | unhurt       | crashed           | –           | –                 | 1.2 s      |
      | \`memory\`    | inprocess | not run: nothing here would bound its memory: it has no \\| groups |              |                   |             |                   |            |
      | \`memory\`    | docker    | survived                                                          | unhurt       | out-of-memory     | –           | –                 | 1.2 s      |
      | \`orphan\`    | inprocess | survived                                                          | unhurt       | succeeded         | –           | 1 process         | 1.2 s      |
      | \`orphan\`    | docker    | survived                                                          | unhurt       | succeeded         | –           | –                 | 1.2 s      |
      | \`read-file\` | inprocess | survived                                                          | unhurt       | succeeded         | secret read | –                 | 1.2 s      |
      | \`read-file\` | docker    | survived                                                          | unhurt       | succeeded         | secret kept | –                 | 1.2 s      |
      | \`log-flood\` | inprocess | survived                                                          | unhurt       | succeeded (wrong) | –           | 1040 MB of output | 1.2 s      |
      | \`log-flood\` | docker    | survived                                                          | paused 4.2 s | log-flood         | –           | 67 MB on disk     | 1.2 s      |

      - linux-x64, 2 processors, 24000 MB, Node 22.1.0, 2026-03-01 14:05 UTC
      - Each fault ends by itself."
    `);
  });
});

it('the verdict tells of a mode what its faults did', () => {
  expect(verdictsOf({ cases: [seen('segfault', 'process', CALM)] })).toEqual([
    'process: 0 of 1 faults stayed within their run (reason wrong or missing: 1).',
  ]);
  expect(verdictsOf({ cases: [{ fault: 'heap', mode: 'docker', notRun: 'no daemon' }] })).toEqual([
    'docker: no fault was provoked.',
  ]);
  expect(verdictsOf({ cases: [seen('segfault', 'inprocess', DEAD)] })).toEqual([
    'inprocess: 0 of 1 faults stayed within their run (runner lost: 1, other run hurt: 1, reason wrong or missing: 1).',
  ]);
});
