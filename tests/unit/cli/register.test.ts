import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandLine } from './command-line.js';
import { readFileOf } from './left-runs.js';

const COMMANDS = [['train'], ['log', 'a-run']];
const REFUSED = ['', ' ', '.', '..', 'a/b', 'a:b', `a'b"c`, 'x'.repeat(257)];

it.each(COMMANDS.flatMap((command) => REFUSED.map((name) => ({ command, name }))))(
  '$command refuses --register $name, which no server takes, before anything else',
  async ({ command, name }) => {
    using cli = commandLine({ script: { train: () => Promise.reject(new Error('must not train')) } });
    const { status, stderr } = await cli.run(...command, '--register', name);
    expect(status).toBe(2);
    expect(stderr).toContain(`--register: expected the name of a registered model`);
    expect(existsSync(cli.runsDir)).toBe(false);
  },
);

it('--register takes other names, and keeps them with the run', async () => {
  using cli = commandLine();
  const { runId } = await cli.json('train', '--batch-size', '16', '--register', "Ada's digits, 2");
  expect(readFileOf(cli, String(runId), 'request.json')).toMatchObject({
    tracking: { register: "Ada's digits, 2" },
  });
});
