/** The last lines of `npm start`. */
import { expect, it } from 'vitest';
import { nextSteps } from '../../../scripts/lib/start/next-steps.mjs';

it('names commands that can be pasted', () => {
  expect(nextSteps({ runsDir: undefined, daemonEnded: false })).toBe(
    [
      'Next:',
      '  npm run -s runner -- runs ls                      # the runs so far',
      '  npm run -s runner -- train --epochs 5 --evaluate  # a longer one',
      '  npm run -s runner -- ui                           # all of them in an MLflow of your own (pip install mlflow)',
    ].join('\n'),
  );
});

it('says first that the daemon is gone that it had started, and how to have one for --mode docker', () => {
  const [first, ...rest] = nextSteps({ runsDir: undefined, daemonEnded: true }).split('\n');
  expect(first).toBe(
    'The Docker daemon that was started for this has been stopped. For --mode docker, start one that stays: ' +
      '`dockerd`, as root in another terminal.',
  );
  expect(rest.slice(0, 2)).toEqual(['', 'Next:']);
});

it('looks for the runs where they were written', () => {
  const commands = nextSteps({ runsDir: '/elsewhere', daemonEnded: false }).split('\n').slice(1);
  expect(commands.map((line) => line.includes(' --runs-dir /elsewhere '))).toEqual([true, true, true]);
});
