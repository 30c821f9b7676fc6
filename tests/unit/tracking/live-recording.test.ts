/** What `--live` says, and how long it waits, when a server goes and comes back. */
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { EventLog } from '../../../src/common/event-log.js';
import { RunnerError } from '../../../src/contract/errors.js';
import { runPath } from '../../../src/contract/run-directory.js';
import { followRun } from '../../../src/tracking/live-recording.js';
import { writeRunFixture } from '../../tracking/support/run-fixture.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { CLOCK } from '../orchestrator/specs.js';
import { memoryServer } from './memory-server.js';

/**
 * Follows a run that has one more point each round, on a server that is there or gone; ends after the last round.
 * @returns what was told, and how many seconds were waited after each round, in order
 */
async function follow(rounds: readonly ('there' | 'gone')[]): Promise<(string | number)[]> {
  const folder = temporaryDirectory();
  onTestFinished(() => folder[Symbol.dispose]());
  const { run, runDir } = await writeRunFixture({ runsDir: folder.path, steps: 1, epochs: 1, ended: false });
  using events = EventLog.resume(runPath(runDir, 'events'), CLOCK);
  const story: (string | number)[] = [];
  let round = 0;
  const answer = (): Promise<void> =>
    rounds[round] === 'there'
      ? Promise.resolve()
      : Promise.reject(new RunnerError('tracking-unreachable', 'No answer.'));
  const { tools } = memoryServer({ setTags: answer, logMetrics: answer });
  const ended = new AbortController();
  const done = once(ended.signal, 'abort');
  const options = { signal: ended.signal, onNotice: (text: string) => void story.push(text) };
  const live = followRun(run, options, tools, (ms) => {
    story.push(ms / 1000);
    events.append({ type: 'metric', step: round + 2, values: { loss: 0.5 } });
    round += 1;
    if (round === rounds.length) ended.abort();
    return Promise.resolve();
  });
  await done;
  await live.end();
  return story;
}

it('says nothing while the server is there', async () => {
  expect(await follow(['there', 'there', 'there'])).toEqual([3, 10, 10]);
});

it('waits twice as long each time, up to a minute, and tells an outage once', async () => {
  expect(await follow(['gone', 'gone', 'gone', 'gone', 'gone', 'gone'])).toEqual([
    'Live recording waits: No answer.',
    ...[5, 10, 20, 40, 60, 60],
  ]);
});

it('tells that it goes on, tells the next outage again, and then waits briefly again', async () => {
  expect(await follow(['there', 'gone', 'gone', 'there', 'there', 'gone', 'there'])).toEqual([
    3,
    ...['Live recording waits: No answer.', 5, 10],
    ...['Live recording goes on.', 3, 10],
    ...['Live recording waits: No answer.', 5],
    ...['Live recording goes on.', 3],
  ]);
});
