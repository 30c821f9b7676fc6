import { expect, it } from 'vitest';
import { createJsonLogger } from '../../../src/common/logger.js';

it('writes one JSON object a line, at its level and above, with nothing left out', async () => {
  const lines: string[] = [];
  const logger = await createJsonLogger('info', (line) => lines.push(line));
  logger.debug({}, 'below the level');
  logger.info({ epoch: 2 }, 'epoch');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string, epoch: 2, msg: 'epoch' },
  ]);
});
