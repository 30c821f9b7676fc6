/**
 * What whoever has seen `npm start` does next: each command can be pasted in the checkout.
 * @param {object} found
 * @param {string | undefined} found.runsDir where the runs are, as a shell takes it; undefined for the default
 * @param {boolean} found.daemonEnded whether the Docker daemon is gone that was started for as long as this lasted
 * @returns {string} lines
 */
export function nextSteps({ runsDir, daemonEnded }) {
  const there = runsDir === undefined ? '' : ` --runs-dir ${runsDir}`;
  const commands = [
    [`runs ls${there}`, 'the runs so far'],
    [`train --epochs 5 --evaluate${there}`, 'a longer one'],
    [`ui${there}`, 'all of them in an MLflow of your own (pip install mlflow)'],
  ].map(([command, what]) => [`  npm run -s runner -- ${command}`, what]);
  const width = Math.max(...commands.map(([command = '']) => command.length));
  return [
    ...(daemonEnded ? [DAEMON_ENDED, ''] : []),
    'Next:',
    ...commands.map(([command = '', what]) => `${command.padEnd(width)}  # ${what}`),
  ].join('\n');
}

export const DAEMON_ENDED =
  'The Docker daemon that was started for this has been stopped. For --mode docker, start one that stays: ' +
  '`dockerd`, as root in another terminal.';
